"""Staff give money back: written down before Stripe is asked, and done once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from donations.models.errand import StripeErrand
from donations.models.payment import Payment
from telemetry.models import AuditEntry

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class RefundRefused(Exception):
    """It cannot be refunded; the message is for people."""


@transaction.atomic
def refund(
    payment: Payment, amount: int, *, by: AbstractBaseUser, reason: str, at: datetime, once: str = ""
) -> StripeErrand:
    """See `Payment.refund`."""
    held = Payment.objects.select_for_update().get(pk=payment.pk)
    key = f"refund:{held.pk}:{once}" if once else StripeErrand.new_key()
    if (asked := StripeErrand.objects.filter(key=key).first()) is not None:
        if asked.amount != amount:
            raise RefundRefused(_("This was sent before, with another amount: begin anew."))
        return asked
    left = held.amount - held.amount_refunded
    if not held.payment_intent_id:
        raise RefundRefused(_("It was not paid through Stripe: give it back the way it came."))
    if held.dispute in (Payment.Dispute.OPEN, Payment.Dispute.LOST):
        raise RefundRefused(_("It is disputed: the bank decides where the money goes."))
    if not 0 < amount <= left:
        raise RefundRefused(_("Between one and %(left)s minor units can be refunded.") % {"left": left})
    if StripeErrand.objects.pending().filter(payment=held, kind=StripeErrand.Kind.REFUND).exists():
        raise RefundRefused(_("A refund of this payment is under way."))
    errand = StripeErrand.objects.queue(
        at,
        kind=StripeErrand.Kind.REFUND,
        object_id=held.payment_intent_id,
        key=key,
        payment=held,
        amount=amount,
        reason=reason,
        asked_by=by,
    )
    said = {"amount": amount, "currency": held.currency}
    AuditEntry.objects.record(by, "payment.refund_asked", held, None, said, cause=reason, at=at)
    return errand
