"""A subscription at Stripe, as last fetched."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from donations.models.checkout import Checkout
from donations.models.customer import StripeCustomer
from donations.querysets.subscriptions import SubscriptionQuerySet
from telemetry.people.models import Person


class Subscription(models.Model):
    """What Stripe last said of a subscription; a fetch that began earlier never overwrites a later one."""

    class Status(models.TextChoices):
        """Stripe's own words."""

        INCOMPLETE = "incomplete", _("Incomplete")
        INCOMPLETE_EXPIRED = "incomplete_expired", _("Incomplete, expired")
        TRIALING = "trialing", _("Trial")
        ACTIVE = "active", _("Active")
        PAST_DUE = "past_due", _("Past due")
        UNPAID = "unpaid", _("Unpaid")
        PAUSED = "paused", _("Paused")
        CANCELED = "canceled", _("Canceled")

    LIVE = (Status.ACTIVE, Status.TRIALING, Status.PAST_DUE)
    NEVER_BEGAN = (Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED)
    OVER = (Status.CANCELED, Status.INCOMPLETE_EXPIRED)

    stripe_id = models.CharField(_("subscription"), max_length=255, unique=True)
    customer = models.ForeignKey(
        StripeCustomer, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("customer")
    )
    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="subscriptions",
        verbose_name=_("person"),
    )
    checkout = models.ForeignKey(
        Checkout,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="subscriptions",
        verbose_name=_("checkout"),
    )
    status = models.CharField(_("status"), max_length=20, choices=Status.choices)
    amount = models.PositiveIntegerField(_("amount a month"))
    currency = models.CharField(_("currency"), max_length=3)
    is_membership = models.BooleanField(
        _("gives paid access"),
        default=False,
        help_text=_("At least SUPPORT_MEMBERSHIP_PRICE when its amount was agreed; else it is a gift."),
    )
    current_period_end = models.DateTimeField(_("paid until"), null=True, blank=True)
    cancel_at = models.DateTimeField(_("ends"), null=True, blank=True)
    past_due_since = models.DateTimeField(_("past due since"), null=True, blank=True)
    duplicate_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="duplicates",
        verbose_name=_("duplicate of"),
    )
    fetched_at = models.DateTimeField(_("fetched"))

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(status__in=("active", "trialing", "past_due"), duplicate_of=None),
                name="one_live_membership_per_person",
            )
        ]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def grace_until(self) -> datetime | None:
        """How long access goes on while a renewal is past due; None when none is."""
        if self.status != self.Status.PAST_DUE or self.past_due_since is None:
            return None
        return self.past_due_since + timedelta(days=settings.SUPPORT_GRACE_DAYS)

    def is_running(self, at: datetime) -> bool:
        """Whether it gives at `at` what it is for: it is in order, or its grace is not over."""
        return self.status in self.LIVE and (self.grace_until is None or at < self.grace_until)
