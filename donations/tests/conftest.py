"""What the tests of donations share: a Stripe that is ours to play, and to break."""

from collections.abc import Iterator

import pytest

from donations import gateway
from donations.tests.invariants import assert_money
from donations.tests.stripe.faults import FaultyStripe


@pytest.fixture
def stripe(db, monkeypatch) -> FaultyStripe:
    """Stripe, offline: the gateway talks to it; its verbs play customers and banks."""
    offline = FaultyStripe(gateway.development_secret(), version=gateway.API_VERSION)
    monkeypatch.setattr(gateway, "http_client", lambda: offline)
    return offline


@pytest.fixture
def money_is_whole(transactional_db) -> Iterator[None]:
    """After the test: what was paid at Stripe is one payment, with one receipt at most (I2)."""
    yield
    assert_money()


@pytest.fixture
def order() -> gateway.Order:
    """Five euros, once."""
    return gateway.Order(
        name="A gift",
        amount=500,
        currency="eur",
        success_url="http://testserver/donate/thanks/",
        cancel_url="http://testserver/donate/",
        reference="someone",
        metadata={"person": "someone", "checkout": "1"},
        is_donation=True,
    )
