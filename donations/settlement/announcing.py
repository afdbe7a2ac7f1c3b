"""What a new payment sets off, all of it in the payment's own transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from donations.events import PaymentRenewed
from donations.models import DonationInteraction, Payment, SupporterKey, SupportMail
from donations.models.interaction import InteractionType
from donations.settlement.standing import follow
from donations.signals import membership_paid
from telemetry.log.track import track

MOMENT = timedelta(microseconds=1)


def announce(payment: Payment, *, at: datetime, cause: str, address: str) -> None:
    """The floors above hear of it, then the person's standing follows; the log and the mails come last."""
    if payment.is_for_membership:
        membership_paid.send(sender=Payment, payment=payment, at=at)
    if payment.person is not None:
        follow(payment.person, at=at, cause=cause)
    _log(payment)
    SupportMail.objects.queue_once(
        SupportMail.Kind.RECEIPT,
        payment.reference,
        person=payment.person,
        address=address,
        payment=payment,
        at=at,
    )
    SupporterKey.objects.issue_for(payment, at=at, address=address)


def _log(payment: Payment) -> None:
    """A payment that began here ends its funnel; a renewal is an event of its own."""
    if payment.person is None:
        return
    if payment.is_of_the_funnel:
        DonationInteraction.objects.record(
            payment.person,
            InteractionType.PAYMENT_SUCCEEDED,
            at=told_at(payment, payment.paid_at),
            amount=payment.amount,
            currency=payment.currency,
            once=f"paid:{payment.reference}",
            placement=payment.placement,
            prompt=payment.prompt,
            choice=payment.choice,
            variant=payment.variant,
        )
    elif payment.kind == Payment.Kind.RENEWAL:
        renewed = PaymentRenewed(amount=payment.amount, currency=payment.currency)
        track(payment.person, renewed, at=payment.paid_at, key=f"{renewed.name}:{payment.reference}")


def told_at(payment: Payment, moment: datetime) -> datetime:
    """Stripe's time, but after our own of the checkout: Stripe's has whole seconds and another clock."""
    begun = payment.checkout.created_at if payment.checkout is not None else moment
    return max(moment, begun + MOMENT)
