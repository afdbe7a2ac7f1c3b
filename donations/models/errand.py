"""What we ask Stripe to do, written down before it is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from donations.models.payment import Payment
from donations.models.work import StripeWork
from donations.querysets.errands import StripeErrandQuerySet
from telemetry.operations.models import Alert
from telemetry.operations.pending import PendingWork


class StripeErrand(StripeWork):
    """One thing that Stripe is to do. However often it is asked, the same key makes it once."""

    class Kind(models.TextChoices):
        """What is to be done."""

        CANCEL = "cancel", _("End a subscription")
        REFUND = "refund", _("Refund a payment")
        EXPIRE = "expire", _("Close a checkout")
        FORGET = "forget", _("Delete a customer")

    drained_by = "donations.tasks.run_stripe_errands"
    failing = "stripe:failing-errands"
    stays = True

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    object_id = models.CharField(_("object"), max_length=255, help_text=_("What it is done to, at Stripe."))
    key = models.CharField(_("idempotency key"), max_length=255, unique=True)
    payment = models.ForeignKey(
        Payment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="errands",
        verbose_name=_("payment"),
    )
    amount = models.PositiveIntegerField(_("amount"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("asked by"),
    )
    refusal = models.CharField(
        _("refused"), max_length=100, blank=True, default="", help_text=_("Stripe's word for why.")
    )

    objects: ClassVar[StripeErrandQuerySet] = StripeErrandQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(PendingWork.Meta):
        verbose_name = _("errand to Stripe")
        verbose_name_plural = _("errands to Stripe")
        constraints = [
            models.CheckConstraint(
                # A check that comes to NULL passes, and without an amount Stripe gives back everything.
                condition=~Q(kind="refund") | Q(payment__isnull=False, amount__isnull=False, amount__gt=0),
                name="a_refund_is_of_a_payment",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(kind="refund", state="pending"),
                name="one_refund_at_a_time",
                violation_error_message=_("A refund of this payment is under way."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"

    @property
    def what(self) -> str:
        """An errand, and of which kind."""
        return f"{self._meta.verbose_name} ({self.kind})"

    @staticmethod
    def new_key() -> str:
        """A key that no other errand has."""
        return f"errand:{uuid4()}"

    def perform(self, now: datetime) -> Any:
        """Ask Stripe."""
        from donations.errands import run

        return run(self, now)

    def record(self, outcome: Any, now: datetime) -> None:
        """What came of it."""
        about = outcome(now)
        if about is not None and about.person is None:
            StripeErrand.objects.filter(pk=self.pk).update(reason="")
        super().record(outcome, now)

    def was_refused(self, code: str, at: datetime) -> None:
        """Keep Stripe's no, and tell staff."""
        StripeErrand.objects.filter(pk=self.pk).update(refusal=code[:100])
        message = _("Stripe refuses: %(errand)s (%(code)s).") % {"errand": self, "code": code}
        Alert.objects.raise_alert(f"stripe:refused:{self.pk}", Alert.Severity.WARNING, message, at)
