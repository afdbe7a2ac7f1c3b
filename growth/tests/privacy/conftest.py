"""Somebody signed in, a visitor, and what they ask for."""

import pytest
from django.core.cache import cache
from django.test import Client

from growth.models import User


@pytest.fixture(autouse=True)
def _fresh_cache():
    """Allauth counts in the cache."""
    cache.clear()


@pytest.fixture
def account(db):
    return User.objects.create_user("ada@example.org")


@pytest.fixture
def ada(account):
    """A client with a session of the account."""
    client = Client()
    client.force_login(account)
    return client


@pytest.fixture
def answers(db):
    """`answers(client, "yes")`: give the answer in the settings."""

    def say(client, word, **fields):
        return client.post("/settings/privacy/answer/", {"answer": word, "source": "settings", **fields})

    return say


@pytest.fixture
def visitor(answers):
    """A client of somebody without an account, who said yes."""
    client = Client()
    answers(client, "yes")
    return client
