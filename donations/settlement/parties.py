"""Whose money it is: by what we told Stripe ourselves, never by an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from donations.models import Checkout, StripeCustomer
from telemetry.people.models import Person

#: The names of what we tell Stripe with every checkout.
PERSON, CHECKOUT = "person", "checkout"


class Unresolvable(Exception):
    """Nothing says whose it is, or not yet: it is tried again."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who pays, as far as we know them; without a person it is a guest, or somebody who was erased."""

    person: Person | None = None
    checkout: Checkout | None = None
    customer: StripeCustomer | None = None
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Traces:
    """What an object of Stripe's says of whom it is about."""

    customer_id: str = ""
    session_id: str = ""
    reference: str = ""
    metadata: Mapping[str, str] | None = None

    @property
    def checkout(self) -> Checkout | None:
        """The checkout that it began with."""
        wanted = Q(pk__in=())
        if self.session_id:
            wanted |= Q(session_id=self.session_id)
        if public_id := _uuid((self.metadata or {}).get(CHECKOUT, "")) or _uuid(self.reference):
            wanted |= Q(public_id=public_id)
        return Checkout.objects.filter(wanted).first()

    @property
    def named(self) -> UUID | None:
        """The name of a person that we gave along."""
        return _uuid((self.metadata or {}).get(PERSON, ""))

    @property
    def person(self) -> Person | None:
        """The person of that name; None when there is none, or none any more."""
        return Person.objects.filter(public_id=self.named).first() if self.named else None


def party_of(traces: Traces, *, at: datetime) -> Party:
    """Who pays: by the checkout, else the person that is named, else the customer. Raises `Unresolvable`.

    The person is held first, as a claim and an erasure do, then the customer's row, then the checkout's: all
    that is about any of them is done one after the other. A checkout knows better than what Stripe was told:
    its person may have been claimed meanwhile.
    """
    person, checkout = _held_payer(traces)
    customer = _customer(traces.customer_id, person, is_known=checkout is not None, at=at)
    if checkout is not None:
        rows = Checkout.objects.select_for_update(of=("self",)).select_related("person")
        checkout = rows.get(pk=checkout.pk)
        person = checkout.person
    elif person is None and customer is None:
        raise Unresolvable
    is_erased = person is None and checkout is not None and traces.named is not None
    if is_erased or (customer is not None and customer.forgotten_at is not None):
        return Party(None, checkout, customer, is_erased=True)
    return Party(person, checkout, customer)


def hold(person: Person | None) -> Person | None:
    """The person as they are now, until the transaction ends; None for nobody, and for somebody erased."""
    if person is None:
        return None
    return Person.objects.select_for_update(no_key=True).filter(pk=person.pk).first()


def _held_payer(traces: Traces) -> tuple[Person | None, Checkout | None]:
    """Who pays, held, and the checkout; of somebody who was claimed while we waited, who they are now."""
    person = hold(_whose(traces.checkout, traces))
    checkout = traces.checkout
    now = _whose(checkout, traces)
    return (person if now == person else hold(now)), checkout


def _whose(checkout: Checkout | None, traces: Traces) -> Person | None:
    if checkout is not None:
        return checkout.person
    if (named := traces.person) is not None:
        return named
    known = StripeCustomer.objects.filter(customer_id=traces.customer_id).select_related("person").first()
    return known.person if known is not None else None


def _customer(
    customer_id: str, person: Person | None, *, is_known: bool, at: datetime
) -> StripeCustomer | None:
    """The customer's row, held; made when we know whose it is, or that it is a guest of ours."""
    if not customer_id:
        return None
    if person is not None or is_known:
        row = StripeCustomer(
            customer_id=customer_id, person=person, livemode=settings.STRIPE_LIVEMODE, created_at=at
        )
        StripeCustomer.objects.bulk_create([row], ignore_conflicts=True)
    held = StripeCustomer.objects.select_for_update(of=("self",)).select_related("person")
    customer = held.filter(customer_id=customer_id).first()
    if customer is not None and person is not None and customer.person is None and not customer.forgotten_at:
        customer.person = person
        customer.save(update_fields=["person"])
    return customer


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
