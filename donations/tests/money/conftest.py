"""What the tests of money share: people who pay at the offline Stripe, and deliveries of what it tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from donations import gateway
from donations.development.telling import Told
from donations.inbox import accept
from donations.models import Checkout, StripeErrand, StripeEvent
from telemetry.people.models import Person
from telemetry.tests.operations.conftest import in_parallel, rings  # noqa: F401 - fixtures

numbers = count(1)


@pytest.fixture(autouse=True)
def _nobody_rings(rings: list[str]) -> None:  # noqa: F811
    """No broker is needed."""


@pytest.fixture
def person(db) -> Person:
    """Somebody with an account."""
    return somebody()


def somebody() -> Person:
    """Another one with an account."""
    account = get_user_model().objects.create_user(f"payer{next(numbers)}@growth.example")
    return Person.objects.of_account(account)


@dataclass(frozen=True)
class Shop:
    """Where people begin to pay; Stripe does the rest."""

    stripe: Any

    def begin(
        self, person: Person | None, kind: str = "monthly", amount: int = 500, customer: str = "", **led: str
    ) -> Checkout:
        """A checkout whose page at Stripe is open."""
        checkout = Checkout.objects.create(
            person=person,
            kind=kind,
            amount=amount,
            currency="eur",
            idempotency_key=f"checkout:{next(numbers)}",
            created_at=timezone.now() - timedelta(minutes=1),
            **({"placement": "header", "choice": "5", "variant": "control"} | led),
        )
        metadata = {"checkout": str(checkout.public_id)}
        if person is not None:
            metadata["person"] = str(person.public_id)
        order = gateway.Order(
            name="Support",
            amount=amount,
            currency="eur",
            success_url="http://testserver/donate/thanks/",
            cancel_url="http://testserver/donate/",
            reference=str(checkout.public_id),
            metadata=metadata,
            is_monthly=kind == "monthly",
            customer=customer,
        )
        checkout.session_id = gateway.open_session(order, key=checkout.idempotency_key).id
        checkout.save()
        return checkout

    def pay(self, person: Person | None, kind: str = "monthly", amount: int = 500, **more: Any) -> list[Told]:
        """Somebody begins and pays; what Stripe then tells."""
        told: list[Told] = self.stripe.pays(self.begin(person, kind, amount, **more).session_id)
        return told


@pytest.fixture
def shop(stripe) -> Shop:
    """The way to pay."""
    return Shop(stripe)


def deliver(told: Iterable[Told]) -> None:
    """Stripe delivers, and nobody works on it yet."""
    for one in told:
        assert accept(one.body, one.signature, now=timezone.now()).is_taken


def work(later: timedelta = timedelta(0)) -> None:
    """Drain the inbox and the errands, as of `later`."""
    StripeEvent.objects.due(timezone.now() + later).drain()
    StripeErrand.objects.due(timezone.now() + later).drain()


@pytest.fixture
def settle(stripe) -> Callable[[Iterable[Told]], None]:
    """Deliver and work, once."""

    def settle(told: Iterable[Told]) -> None:
        deliver(told)
        work()

    return settle
