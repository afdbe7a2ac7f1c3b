"""Money goes back, or stays after all: amounts as Stripe has them now, never added up from events."""

from __future__ import annotations

from datetime import datetime

from django.dispatch import Signal

from donations.models import DonationInteraction, Payment, StripeCustomer, SupporterKey
from donations.models.interaction import InteractionType
from donations.pictures import Return
from donations.reversals import Cause, Reversal
from donations.seen import DisputeSeen
from donations.settlement.announcing import told_at
from donations.settlement.parties import Unresolvable, hold
from donations.settlement.standing import follow
from donations.signals import payment_reinstated, payment_reversed

#: What Stripe's statuses of a dispute mean for the money; any other one is open.
WON = frozenset({"won", "warning_closed", "prevented"})
LOST = frozenset({"lost"})

CHANGED = (
    "amount_refunded",
    "needs_refund",
    "fetched_at",
    "dispute",
    "dispute_fetched_at",
    "is_fraudulent",
)
Told = tuple[Signal, Reversal]


def settle_return(seen: Return, at: datetime, *, happened_at: datetime, cause: str) -> Payment:
    """Make the payment say what is left of it, and tell whoever counted on it; in the caller's transaction.

    Raises `Unresolvable` while the payment itself is not recorded. `happened_at`: Stripe's time.
    """
    payment = _held(seen)
    before = payment.net.amount
    moved = [*_refund(payment, seen), *_dispute(payment, seen), *_warning(payment, seen)]
    payment.save(update_fields=CHANGED)
    for signal, reversal in moved:
        signal.send(sender=Payment, payment=payment, reversal=reversal, at=at)
    if payment.person is not None:
        if moved:
            follow(payment.person, at=at, cause=cause)
        _log(payment, before - payment.net.amount, happened_at, cause)
    SupporterKey.objects.follow_money_of(payment, at=at)
    return payment


def _held(seen: Return) -> Payment:
    """The payment, and before it its person, as it is after we waited for a claim, and its customer."""
    known = _known(seen)
    hold(known.person)
    if (now := _known(seen)).person != known.person:
        hold(now.person)
    StripeCustomer.objects.select_for_update().filter(customer_id=seen.charge.customer).first()
    rows = Payment.objects.select_for_update(of=("self",)).select_related("person", "checkout")
    return rows.get(pk=known.pk)


def _known(seen: Return) -> Payment:
    ids = {"payment_intent_id": seen.charge.payment_intent, "charge_id": seen.charge.id}
    known = Payment.objects.known_as(**ids).select_related("person").first()
    if known is None:
        raise Unresolvable
    return known


def _refund(payment: Payment, seen: Return) -> list[Told]:
    """All refunds together; one that failed counts no more."""
    if _is_old(payment.fetched_at, seen):
        return []
    payment.fetched_at = seen.fetched_at
    before = payment.amount_refunded
    payment.amount_refunded = min(seen.charge.amount_refunded, payment.amount)
    payment.needs_refund = payment.needs_refund and payment.amount_refunded < payment.amount
    reversal = Reversal(Cause.REFUND, seen.refund.id if seen.refund else seen.charge.id, is_final=True)
    if payment.amount_refunded > before:
        return [(payment_reversed, reversal)]
    if payment.amount_refunded < before:
        return [(payment_reinstated, reversal)]
    return []


def _dispute(payment: Payment, seen: Return) -> list[Told]:
    if seen.dispute is None or _is_old(payment.dispute_fetched_at, seen):
        return []
    payment.dispute_fetched_at = seen.fetched_at
    dispute, before, after = Payment.Dispute, payment.dispute, _outcome(seen.dispute)
    if after == before:
        return []
    payment.dispute = after
    if after != dispute.WON:
        return [(payment_reversed, Reversal(Cause.DISPUTE, seen.dispute.id, is_final=after == dispute.LOST))]
    # Won at first sight: nothing was taken, so nothing is given again.
    if before == dispute.NONE:
        return []
    return [(payment_reinstated, Reversal(Cause.DISPUTE, seen.dispute.id, is_final=True))]


def _outcome(dispute: DisputeSeen) -> Payment.Dispute:
    if dispute.status in WON:
        return Payment.Dispute.WON
    return Payment.Dispute.LOST if dispute.status in LOST else Payment.Dispute.OPEN


def _is_old(fetched_at: datetime | None, seen: Return) -> bool:
    """Whether something later is known already."""
    return fetched_at is not None and fetched_at > seen.fetched_at


def _warning(payment: Payment, seen: Return) -> list[Told]:
    """The card's network warns, or the charge itself was reported as fraudulent, to Stripe or by it."""
    if payment.is_fraudulent or not (seen.warning_id or seen.charge.is_fraudulent):
        return []
    payment.is_fraudulent = True
    reference = seen.warning_id or seen.charge.id
    return [(payment_reversed, Reversal(Cause.FRAUD, reference, is_final=False))]


def _log(payment: Payment, gone: int, happened_at: datetime, cause: str) -> None:
    """How much of what the funnel earned went back; what came again counts against it."""
    if not gone or payment.person is None or not payment.is_of_the_funnel:
        return
    DonationInteraction.objects.record(
        payment.person,
        InteractionType.PAYMENT_REFUNDED,
        at=told_at(payment, max(happened_at, payment.paid_at)),
        amount=gone,
        currency=payment.currency,
        once=f"returned:{payment.reference}:{cause}",
        placement=payment.placement,
        prompt=payment.prompt,
        choice=payment.choice,
        variant=payment.variant,
    )
