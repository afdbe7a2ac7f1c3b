"""Somebody who wants to give, and how they say so."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model

from donations.models import Checkout
from donations.money import Money
from donations.querysets.beginning import Wish
from telemetry.people.models import Person, PersonAlias

ORIGIN = "http://testserver"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def account(db):
    return get_user_model().objects.create_user(email="giver@growth.example")


@pytest.fixture
def person(account):
    return Person.objects.of_account(account)


@pytest.fixture
def visitor(db):
    """Somebody who agreed to be known in this browser, and has no account."""
    visitor = Person.objects.create()
    visitor.aliases.create(kind=PersonAlias.Kind.VISITOR, value="cookie")
    return visitor


@pytest.fixture
def wish():
    """`wish()`: five euros, once; each with a form of its own unless a token is given."""

    def wish(kind="once", amount=500, token=None, **led):
        return Wish(kind, Money(amount, settings.SUPPORT_CURRENCY), token or uuid4(), **led)

    return wish


@pytest.fixture
def begin(stripe, wish):
    """`begin(person)`: a checkout that is open at Stripe."""

    def begin(person, the_wish=None, at=NOW, **kwargs):
        return Checkout.objects.begin(person, the_wish or wish(**kwargs), origin=ORIGIN, at=at)

    return begin
