"""Which of Stripe's events are worked on, and how: ask Stripe first, outside any transaction, then settle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from django.db import OperationalError

from donations import pictures
from donations.gateway import GatewayUnavailable
from donations.pictures import Picture, Return
from donations.settlement.customers import forget_at_stripe
from donations.settlement.parties import Unresolvable
from donations.settlement.purchases import settle
from donations.settlement.returns import settle_return
from donations.settlement.warning import tell_that_it_failed, warn_of_the_end
from telemetry.operations.pending import ClaimLost

if TYPE_CHECKING:
    from donations.models import StripeEvent
    from telemetry.people.models import Person


class Somebodys(Protocol):
    """What an event turned out to be about."""

    @property
    def person(self) -> Person | None:
        """Whose it is, if we know somebody for it."""


Work = Callable[[datetime], Somebodys | None]
"""What is done in the transaction that settles the event; it takes the time."""
Handler = Callable[["StripeEvent", datetime], Work]

#: Failures that go away by themselves: nobody has to look before the last attempt.
WAITS = (GatewayUnavailable, Unresolvable, ClaimLost, OperationalError)


def purchase(look: Callable[[str, datetime], Picture]) -> Handler:
    """Events after which a purchase is settled as Stripe has it now."""

    def handle(event: StripeEvent, now: datetime) -> Work:
        return partial(settle, look(event.object_id, now), cause=event.event_id)

    return handle


def purchase_in_trouble(look: Callable[[str, datetime], Picture], tell: Callable[..., None]) -> Handler:
    """The same, and whoever pays is told if it is still so."""

    def handle(event: StripeEvent, now: datetime) -> Work:
        picture = look(event.object_id, now)

        def work(at: datetime) -> Somebodys:
            party = settle(picture, at, cause=event.event_id)
            tell(picture, party, at)
            return party

        return work

    return handle


def money_back(look: Callable[[str, datetime], Return]) -> Handler:
    """Events after which a payment is less, or whole again."""

    def handle(event: StripeEvent, now: datetime) -> Work:
        seen = look(event.object_id, now)
        return partial(settle_return, seen, happened_at=event.stripe_created_at, cause=event.event_id)

    return handle


def customer_gone(event: StripeEvent, now: datetime) -> Work:
    """Stripe knows them no more."""
    return partial(forget_at_stripe, event.object_id)


session = purchase(pictures.of_session)
invoice = purchase(pictures.of_invoice)
unpaid_invoice = purchase_in_trouble(pictures.of_invoice, warn_of_the_end)
subscription = purchase(pictures.of_subscription)
refund = money_back(pictures.of_refund)
dispute = money_back(pictures.of_dispute)

HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": session,
    "checkout.session.async_payment_succeeded": session,
    "checkout.session.async_payment_failed": purchase_in_trouble(pictures.of_session, tell_that_it_failed),
    "checkout.session.expired": session,
    "invoice.paid": invoice,
    "invoice.payment_failed": unpaid_invoice,
    "invoice.payment_action_required": unpaid_invoice,
    "invoice.marked_uncollectible": invoice,
    "invoice.voided": invoice,
    "customer.subscription.created": subscription,
    "customer.subscription.updated": subscription,
    "customer.subscription.deleted": subscription,
    "customer.subscription.paused": subscription,
    "customer.subscription.resumed": subscription,
    "customer.deleted": customer_gone,
    "charge.refunded": money_back(pictures.of_charge),
    "refund.created": refund,
    "refund.updated": refund,
    "refund.failed": refund,
    "charge.dispute.created": dispute,
    "charge.dispute.updated": dispute,
    "charge.dispute.closed": dispute,
    "charge.dispute.funds_withdrawn": dispute,
    "charge.dispute.funds_reinstated": dispute,
    "radar.early_fraud_warning.created": money_back(pictures.of_warning),
}
