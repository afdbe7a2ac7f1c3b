"""Whom Stripe knows by which id."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from donations.querysets.customers import StripeCustomerQuerySet
from telemetry.people.models import Person


class StripeCustomer(models.Model):
    """A customer at Stripe. Everything about one is done under its row's lock, one after the other."""

    customer_id = models.CharField(_("customer"), max_length=255, unique=True)
    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="stripe_customers",
        verbose_name=_("person"),
    )
    livemode = models.BooleanField(_("live mode"))
    created_at = models.DateTimeField(_("created"))
    forgotten_at = models.DateTimeField(
        _("person erased"),
        null=True,
        blank=True,
        help_text=_("From then on what happens is nobody's, and only money is recorded."),
    )
    deleted_at = models.DateTimeField(_("deleted at Stripe"), null=True, blank=True)

    objects: ClassVar[StripeCustomerQuerySet] = StripeCustomerQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return self.customer_id
