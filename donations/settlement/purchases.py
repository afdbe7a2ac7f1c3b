"""A purchase is settled: the same way for every event of it, for the success page, for reconciliation.

Whoever comes first does it all, and whoever comes after finds it done.
"""

from __future__ import annotations

from datetime import datetime

from donations.models import Checkout, StripeCustomer, StripeErrand, Subscription
from donations.pictures import Picture
from donations.seen import SessionSeen
from donations.settlement.announcing import announce
from donations.settlement.parties import Party, Traces, party_of
from donations.settlement.payments import Paid, record_payment
from donations.settlement.standing import follow
from donations.settlement.subscriptions import keep_subscription


def settle(picture: Picture, at: datetime, *, cause: str) -> Party:
    """Make our rows say what the picture shows, in the caller's transaction. `cause` is for the audit log.

    Raises `Unresolvable` when nothing says whose it is.
    """
    party = party_of(traces_of(picture), at=at)
    subscription = _keep(picture, party, at)
    if party.is_erased and subscription is not None and subscription.status not in Subscription.OVER:
        StripeErrand.objects.queue_once(StripeErrand.Kind.CANCEL, subscription.stripe_id, at=at)
    customer = party.customer
    if party.is_erased and customer is not None and customer.person_id is None and not customer.deleted_at:
        StripeErrand.objects.queue_once(StripeErrand.Kind.FORGET, customer.customer_id, at=at)
    if party.checkout is not None and picture.session is not None:
        _move(party.checkout, picture.session, at)
    paid = _paid(picture, party)
    if paid is None:
        if party.person is not None:
            follow(party.person, at=at, cause=cause)
        return party
    payment, is_new = record_payment(paid, party, subscription, at=at)
    if is_new:
        address = "" if party.is_erased else _address(picture)
        announce(payment, at=at, cause=cause, address=address)
    elif payment.person is not None:
        follow(payment.person, at=at, cause=cause)
    return party


def traces_of(picture: Picture) -> Traces:
    """All that the picture says of whose it is."""
    session, subscription, invoice = picture.session, picture.subscription, picture.invoice
    seen = [one for one in (session, subscription, invoice) if one is not None]
    told: dict[str, str] = {}
    for one in reversed(seen):
        told |= one.metadata
    return Traces(
        customer_id=next((one.customer for one in seen if one.customer), ""),
        session_id=session.id if session is not None else "",
        reference=session.reference if session is not None else "",
        metadata=told,
    )


def _keep(picture: Picture, party: Party, at: datetime) -> Subscription | None:
    if picture.subscription is None:
        return None
    customer = party.customer
    if not isinstance(customer, StripeCustomer):  # Stripe has no subscription without a customer
        raise TypeError(picture.subscription.id)
    return keep_subscription(picture.subscription, party, customer, fetched_at=picture.fetched_at, at=at)


def _paid(picture: Picture, party: Party) -> Paid | None:
    if picture.invoice is not None:
        return Paid.by_invoice(picture.invoice, picture.charge)
    if picture.session is not None and picture.session.mode == "payment":
        return Paid.by_session(picture.session, party.checkout, picture.charge)
    return None


def _move(checkout: Checkout, session: SessionSeen, at: datetime) -> None:
    """Say how far the checkout came."""
    state = Checkout.State
    if session.is_paid:
        checkout.move(state.PAID, at=at)
    elif session.status == "complete":
        checkout.move(state.PROCESSING, at=at)
    elif session.status == "expired":
        checkout.move(state.EXPIRED, at=at)


def _address(picture: Picture) -> str:
    """What was typed at Stripe: where a receipt of a guest goes, and never whose money it is."""
    if picture.session is not None and picture.session.email:
        return picture.session.email
    return picture.charge.email if picture.charge is not None else ""
