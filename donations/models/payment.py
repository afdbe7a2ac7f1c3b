"""A payment: money that was really paid, and what came back of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from donations.models.checkout import Checkout, Led
from donations.models.subscription import Subscription
from donations.money import Money
from donations.querysets.payments import PaymentQuerySet
from telemetry.people.models import Person

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from donations.models.errand import StripeErrand


class Payment(Led):
    """One paid payment at Stripe, once; it stays when its person is erased."""

    class Kind(models.TextChoices):
        """What was paid for."""

        ONCE = "once", _("One-off donation")
        MEMBERSHIP = "membership", _("First month")
        RENEWAL = "renewal", _("Renewal")
        KEY = "key", _("Supporter key")

    class Dispute(models.TextChoices):
        """What became of a dispute about it."""

        NONE = "none", _("None")
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="payments",
        verbose_name=_("person"),
    )
    checkout = models.ForeignKey(
        Checkout,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="payments",
        verbose_name=_("checkout"),
    )
    subscription = models.ForeignKey(
        Subscription,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="payments",
        verbose_name=_("subscription"),
    )
    customer_id = models.CharField(_("customer"), max_length=255, blank=True, default="")
    invoice_id = models.CharField(_("invoice"), max_length=255, unique=True, null=True, blank=True)
    payment_intent_id = models.CharField(
        _("payment intent"), max_length=255, unique=True, null=True, blank=True
    )
    charge_id = models.CharField(_("charge"), max_length=255, unique=True, null=True, blank=True)
    amount = models.PositiveIntegerField(_("paid"), help_text=_("In minor units of the currency."))
    amount_refunded = models.PositiveIntegerField(_("refunded"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    paid_at = models.DateTimeField(_("paid at"), help_text=_("At Stripe's time."))
    card_digest = models.CharField(
        _("card"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("A keyed digest of the card's fingerprint."),
    )
    risk_level = models.CharField(_("risk"), max_length=16, blank=True, default="")
    dispute = models.CharField(_("dispute"), max_length=8, choices=Dispute.choices, default=Dispute.NONE)
    dispute_fetched_at = models.DateTimeField(_("dispute fetched"), null=True, blank=True)
    is_fraudulent = models.BooleanField(_("called fraudulent"), default=False)
    needs_refund = models.BooleanField(
        _("to be refunded"), default=False, help_text=_("A second membership that was paid by mistake.")
    )
    created_at = models.DateTimeField(_("recorded"))
    fetched_at = models.DateTimeField(_("fetched"), null=True, blank=True)

    objects: ClassVar[PaymentQuerySet] = PaymentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        permissions = [("refund_payment", _("Can refund payments"))]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_payment_is_of_money"),
            models.CheckConstraint(
                condition=Q(amount_refunded__lte=F("amount")), name="no_more_comes_back_than_was_paid"
            ),
            models.CheckConstraint(
                condition=Q(invoice_id__isnull=False) | Q(payment_intent_id__isnull=False),
                name="a_payment_has_an_id_at_stripe",
            ),
        ]
        indexes = [
            models.Index(fields=["paid_at"], name="payment_paid_at"),
            models.Index(fields=["card_digest"], condition=~Q(card_digest=""), name="payment_card"),
        ]

    def __str__(self) -> str:
        return f"{self.money} {self.paid_at:%Y-%m-%d}"

    @property
    def reference(self) -> str:
        """What it is called at Stripe: the invoice, else the payment intent."""
        return self.invoice_id or self.payment_intent_id or ""

    @property
    def is_of_the_funnel(self) -> bool:
        """Whether it ended a checkout that began here; a renewal is no step of a funnel."""
        return self.checkout_id is not None and self.kind != self.Kind.RENEWAL

    @property
    def is_for_membership(self) -> bool:
        """Whether it pays for a person's access, and is not to go back at once."""
        pays = self.subscription is not None and self.subscription.is_membership
        return pays and self.person_id is not None and not self.needs_refund

    @property
    def money(self) -> Money:
        """What was paid."""
        return Money(self.amount, self.currency)

    @property
    def net(self) -> Money:
        """What is left of it; nothing once a dispute is lost."""
        kept = 0 if self.dispute == self.Dispute.LOST else self.amount - self.amount_refunded
        return Money(kept, self.currency)

    def refund(
        self, amount: int, *, by: AbstractBaseUser, reason: str, at: datetime, once: str = ""
    ) -> StripeErrand:
        """Have `amount` minor units given back, all at once or in parts; the errand that does it.

        Its row and the audit entry stand before Stripe is asked, and one is run at a time, so that nothing
        is refunded twice. `once`: the name of what asks; asked again by the same name, it is the same errand.
        Raises `donations.refunds.RefundRefused`.
        """
        from donations.refunds import refund

        return refund(self, amount, by=by, reason=reason, at=at, once=once)
