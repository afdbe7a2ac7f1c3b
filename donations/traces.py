"""Under which names a person stands in what Stripe tells us."""

from __future__ import annotations

from collections.abc import Iterator

from donations.models import Checkout, Payment, StripeCustomer, Subscription
from telemetry.people.models import Person


def ids_of(person: Person) -> frozenset[str]:
    """Their own, and those of all that is theirs at Stripe."""
    return frozenset({str(person.public_id), *_ids(person)})


def _ids(person: Person) -> Iterator[str]:
    for model, names in (
        (StripeCustomer, ("customer_id",)),
        (Checkout, ("public_id", "session_id")),
        (Subscription, ("stripe_id",)),
        (Payment, ("invoice_id", "payment_intent_id", "charge_id")),
    ):
        for row in model._base_manager.filter(person=person).values_list(*names):
            yield from (str(value) for value in row if value)
