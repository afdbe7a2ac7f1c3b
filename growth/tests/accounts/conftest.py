"""Accounts, and the codes that come by mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.test import Client

from growth.models import User

CODE = re.compile(r"^ +([A-Z]{4}-[A-Z]{4})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch):
    """Allauth counts in the cache; and most tests do not measure time."""
    cache.clear()
    monkeypatch.setattr("growth.accounts.pace.STEP", 0.001)


@pytest.fixture
def account(db) -> User:
    """Somebody with a confirmed address."""
    return confirmed("ada@example.org")


@pytest.fixture
def staff(db) -> User:
    """A member of the staff with every permission and a confirmed address."""
    return confirmed("staff@example.org", is_staff=True, is_superuser=True)


def confirmed(email: str, **fields: Any) -> User:
    """An account whose address is confirmed."""
    user = User.objects.create_user(email, **fields)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def with_second_factor(user: User) -> User:
    """The account, with an authenticator app."""
    TOTP.activate(user, generate_totp_secret())
    return user


@pytest.fixture
def mailed_code() -> Callable[[], str]:
    """`mailed_code()`: the code in the last mail."""

    def read() -> str:
        found = CODE.search(str(mail.outbox[-1].body))
        assert found
        return found[1]

    return read


@pytest.fixture
def asks_to_sign_in(client) -> Callable[[str], Any]:
    """`asks_to_sign_in(email)`: the answer to the sign-in form."""
    return lambda email: client.post("/accounts/login/", {"login": email})


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """`browser_of(account)`: a client that is signed in."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
