"""What happens to money at Stripe, whoever set it off: our calls, the customer, the bank, the calendar."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from donations.development import shapes
from donations.development.telling import Teller
from donations.development.wire import Asked, Refusal
from donations.models.development import Body, DevelopmentObject

objects = DevelopmentObject.objects


@dataclass(frozen=True, slots=True)
class Card:
    """With what is paid: the card's fingerprint, what Radar thinks, the address that was typed."""

    fingerprint: str = shapes.CARD
    risk: str = "normal"
    email: str | None = None


def stamp(at: datetime) -> int:
    """Unix seconds."""
    return int(at.timestamp())


def month_after(second: int) -> int:
    """The same day of the next month."""
    day = datetime.fromtimestamp(second, UTC)
    year, month = (day.year, day.month + 1) if day.month < 12 else (day.year + 1, 1)
    return stamp(day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1])))


def begin_payment(*, amount: int, currency: str, customer: str | None, metadata: Asked, at: datetime) -> Body:
    """A PaymentIntent that is being processed."""
    intent = shapes.payment_intent(
        amount=amount, currency=currency, customer=customer, metadata=metadata, at=stamp(at)
    )
    return objects.keep(intent, at)


def succeed(intent: Body, card: Card, at: datetime) -> Body:
    """The money arrives: one more charge."""
    charge = shapes.charge(intent, at=stamp(at), card=card.fingerprint, risk=card.risk, email=card.email)
    objects.keep(charge, at)
    return objects.change(
        intent, status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"]
    )


def fail(intent: Body) -> Body:
    """The bank says no."""
    error = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
    return objects.change(intent, status="requires_payment_method", last_payment_error=error)


def settle_invoice(invoice: Body, card: Card, at: datetime) -> Body:
    """An invoice is paid, with money if any is due."""
    due = invoice["amount_due"]
    if due:
        intent = begin_payment(
            amount=due,
            currency=invoice["currency"],
            customer=invoice["customer"],
            metadata={},
            at=at,
        )
        succeed(intent, card, at)
        objects.keep(shapes.invoice_payment(invoice, intent, stamp(at)), at)
    return objects.change(
        invoice,
        status="paid",
        amount_paid=due,
        amount_remaining=0,
        attempted=True,
        attempt_count=invoice["attempt_count"] + 1,
        next_payment_attempt=None,
        status_transitions=invoice["status_transitions"] | {"paid_at": stamp(at)},
    )


def new_invoice(subscription: Body, *, amount: int, reason: str, at: datetime) -> Body:
    """An invoice for the subscription's current period."""
    invoice = shapes.invoice(subscription, amount=amount, reason=reason, at=stamp(at))
    objects.keep(invoice, at)
    objects.change(subscription, latest_invoice=invoice["id"])
    return invoice


def next_period(subscription: Body) -> None:
    """A month goes by."""
    (item,) = subscription["items"]["data"]
    item["current_period_start"] = item["current_period_end"]
    item["current_period_end"] = month_after(item["current_period_end"])
    objects.change(subscription)


def change_subscription(teller: Teller, subscription: Body, at: datetime, **values: Any) -> Body:
    """Fields of a subscription change, and Stripe tells."""
    before = {name: subscription.get(name) for name in values}
    objects.change(subscription, **values)
    teller.record("customer.subscription.updated", subscription, at, before)
    return subscription


def end_subscription(teller: Teller, subscription: Body, at: datetime) -> Body:
    """A subscription is over."""
    if subscription["status"] == "canceled":
        raise Refusal("No such subscription", status=404, code="resource_missing", param="id")
    objects.change(subscription, status="canceled", canceled_at=stamp(at), ended_at=stamp(at))
    teller.record("customer.subscription.deleted", subscription, at)
    return subscription


def give_back(teller: Teller, charge: Body, asked: Asked, at: datetime, *, status: str = "succeeded") -> Body:
    """A refund, of all that is left unless an amount is asked for."""
    left = charge["amount"] - charge["amount_refunded"]
    amount = int(asked.get("amount", left))
    if left == 0:
        raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise Refusal(f"Refund amount is greater than unrefunded amount on charge ({left})", param="amount")
    refund = objects.keep(shapes.refund(charge, amount=amount, at=stamp(at), status=status, asked=asked), at)
    _refunded(charge, charge["amount_refunded"] + amount)
    teller.record("refund.created", refund, at)
    teller.record("charge.refunded", charge, at)
    return refund


def take_back(teller: Teller, refund: Body, at: datetime) -> Body:
    """A refund fails at the bank: the money is ours again."""
    objects.change(refund, status="failed", failure_reason="lost_or_stolen_card")
    charge = objects.body(refund["charge"])
    _refunded(charge, charge["amount_refunded"] - refund["amount"])
    teller.record("refund.updated", refund, at)
    teller.record("refund.failed", refund, at)
    return refund


def _refunded(charge: Body, amount: int) -> None:
    objects.change(charge, amount_refunded=amount, refunded=amount == charge["amount"])
