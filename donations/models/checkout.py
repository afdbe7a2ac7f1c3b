"""A checkout: what somebody set out to pay, and what led them there."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from donations.events import Placement, Prompt
from donations.money import Money
from donations.querysets.checkouts import CheckoutQuerySet
from telemetry.people.models import Person


class Kind(models.TextChoices):
    """What is paid for."""

    ONCE = "once", _("One-off donation")
    MONTHLY = "monthly", _("Monthly")
    KEY = "key", _("Supporter key")


class Led(models.Model):
    """What led to money, by value: it stays true when the person is erased and the experiment over."""

    placement = models.CharField(
        _("placement"), max_length=32, choices=Placement.choices, blank=True, default=""
    )
    prompt = models.CharField(_("prompt"), max_length=16, choices=Prompt.choices, blank=True, default="")
    choice = models.CharField(_("choice"), max_length=32, blank=True, default="")
    variant = models.CharField(_("experiment arm"), max_length=64, blank=True, default="")

    class Meta:
        abstract = True


class Checkout(Led):
    """One attempt to pay. Its row stands, and with it the idempotency key, before Stripe is asked."""

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Open")
        PROCESSING = "processing", _("Processing")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")

    public_id = models.UUIDField(_("public id"), unique=True, default=uuid4, editable=False)
    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="checkouts",
        verbose_name=_("person"),
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    amount = models.PositiveIntegerField(_("amount"), help_text=_("In minor units of the currency."))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPEN)
    system_id = models.CharField(
        _("System ID"), max_length=128, blank=True, default="", help_text=_("For which a key is issued.")
    )
    form = models.CharField(
        _("form"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("A digest of who sent which form: of each, one checkout is open."),
    )
    idempotency_key = models.CharField(_("idempotency key"), max_length=255, unique=True)
    session_id = models.CharField(_("session"), max_length=255, unique=True, null=True, blank=True)
    session_url = models.TextField(_("address at Stripe"), blank=True, default="")
    created_at = models.DateTimeField(_("created"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects: ClassVar[CheckoutQuerySet] = CheckoutQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("checkout")
        verbose_name_plural = _("checkouts")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="checkout_amount_is_positive"),
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="checkout_kind_is_known"),
            models.UniqueConstraint(
                fields=["form"],
                condition=models.Q(state="open") & ~models.Q(form=""),
                name="one_open_checkout_per_form",
            ),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="checkout_open")]

    def __str__(self) -> str:
        return str(self.public_id)

    def move(self, state: str, *, at: datetime) -> bool:
        """Say how far it came; False when it was there, or is past that.

        Paid is the end. What failed is not under way again, but money that came after all is money.
        """
        before = {
            self.State.PROCESSING: (self.State.OPEN, self.State.EXPIRED),
            self.State.FAILED: (self.State.OPEN, self.State.PROCESSING),
            self.State.EXPIRED: (self.State.OPEN,),
            self.State.PAID: (self.State.OPEN, self.State.PROCESSING, self.State.FAILED, self.State.EXPIRED),
        }[self.State(state)]
        values = {"state": state, "settled_at": None if state == self.State.PROCESSING else at}
        moved = Checkout.objects.filter(pk=self.pk, state__in=before).update(**values)
        if moved:
            self.state, self.settled_at = state, values["settled_at"]
        return bool(moved)

    @property
    def money(self) -> Money:
        """What is to be paid."""
        return Money(self.amount, self.currency)
