"""A person is erased: what they pay ends, what they paid stays without them."""

from __future__ import annotations

from datetime import datetime

from donations.models import Checkout, StripeCustomer, StripeErrand, Subscription
from telemetry.people.models import Person

CANCEL, EXPIRE, FORGET = StripeErrand.Kind.CANCEL, StripeErrand.Kind.EXPIRE, StripeErrand.Kind.FORGET


def leave(person: Person, *, at: datetime) -> None:
    """Have what goes on at Stripe ended, in the transaction of the erasure.

    Their subscriptions are ended, their open checkouts closed, their customers deleted. These are
    nobody's from now on: whatever Stripe tells of them gives nobody anything.
    """
    known = StripeCustomer.objects.filter(person=person)
    customers = list(known.filter(deleted_at=None).order_by("pk").values_list("customer_id", flat=True))
    known.update(forgotten_at=at)
    going_on = Subscription.objects.of(person).exclude(status__in=Subscription.OVER)
    for stripe_id in going_on.order_by("pk").values_list("stripe_id", flat=True):
        StripeErrand.objects.queue_once(CANCEL, stripe_id, at=at)
    waiting = Checkout.objects.waiting().filter(person=person)
    for session_id in filter(None, waiting.order_by("pk").values_list("session_id", flat=True)):
        StripeErrand.objects.queue_once(EXPIRE, session_id, at=at)
    for customer_id in customers:
        StripeErrand.objects.queue_once(FORGET, customer_id, at=at)
