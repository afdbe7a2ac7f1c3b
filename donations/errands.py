"""How an errand is run: Stripe is asked, and what follows is settled as an event of it would be."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from donations import gateway, pictures
from donations.gateway import GatewayRefused
from donations.settlement.customers import forget_at_stripe
from donations.settlement.purchases import settle
from donations.settlement.returns import settle_return

if TYPE_CHECKING:
    from donations.models import StripeErrand

#: Stripe forgets a key after a day: asked again after that, it would refund again.
KEYS_LAST = timedelta(hours=23)
Work = Callable[[datetime], object]


def run(errand: StripeErrand, now: datetime) -> Work:
    """Ask Stripe, outside any transaction; what is to be recorded. A no of Stripe's is an answer, too."""
    try:
        return RUNS[errand.kind](errand, now)
    except GatewayRefused as refused:
        return partial(errand.was_refused, refused.code)


def cancel(errand: StripeErrand, now: datetime) -> Work:
    """End a subscription; one that has ended is what was wanted."""
    try:
        gateway.cancel_subscription(errand.object_id)
    except GatewayRefused as refused:
        if not refused.is_missing:
            raise
    return partial(settle, pictures.of_subscription(errand.object_id, now), cause=errand.key)


def refund(errand: StripeErrand, now: datetime) -> Work:
    """Give money back, once for its key."""
    if now - errand.created_at > KEYS_LAST:
        return partial(errand.was_refused, "too_late")
    refunded = gateway.refund(errand.object_id, amount=errand.amount, key=errand.key)
    seen = pictures.of_refund(refunded.id, now)
    return partial(settle_return, seen, happened_at=refunded.created_at, cause=errand.key)


def expire(errand: StripeErrand, now: datetime) -> Work:
    """Close a checkout, unless it was paid meanwhile: then it is settled."""
    with suppress(GatewayRefused):  # it is not open any more
        gateway.expire_session(errand.object_id)
    return partial(settle, pictures.of_session(errand.object_id, now), cause=errand.key)


def forget(errand: StripeErrand, now: datetime) -> Work:
    """Delete a customer, with the address that Stripe has of them; what they paid stays in Stripe's books."""
    gateway.forget_customer(errand.object_id)
    return partial(forget_at_stripe, errand.object_id)


RUNS: dict[str, Callable[[StripeErrand, datetime], Work]] = {
    "cancel": cancel,
    "refund": refund,
    "expire": expire,
    "forget": forget,
}
