"""Erasure meets a sign-in, another erasure, a deletion of the account: one end state, no deadlock."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

import pytest
from django.core import mail
from django.db import Error
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone

from growth import middleware
from growth.models import User
from growth.tests.accounts.conftest import confirmed
from growth.tests.privacy_data.conftest import CODE
from telemetry.log.models import Event
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.tests.ingest.test_store_in_parallel import together

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8


def somebody(number: int) -> tuple[User, Person]:
    account = User.objects.create_user(f"user{number}@growth.example")
    return account, Person.objects.of_account(account)


def sign_in(account: User) -> Client:
    """What a page does when the code was right."""
    client = Client()
    client.force_login(account)
    return client


def delete(account: User) -> Any:
    """What staff do in the admin."""
    return User.objects.filter(pk=account.pk).delete()


@pytest.mark.slow
def test_who_signs_in_while_being_erased_leaves_nothing():
    for number in range(ROUNDS):
        account, person = somebody(number)

        client, erased = together([partial(sign_in, account), partial(erase, person, at=timezone.now())])

        assert erased is True
        for model in (Person, User, Event):
            assert not model.objects.exists()
        if not isinstance(client, Error):
            assert client.get("/").wsgi_request.user.is_anonymous


@pytest.mark.slow
def test_erasures_and_a_deletion_of_the_account_meet():
    for number in range(ROUNDS):
        account, person = somebody(number)
        erasing = partial(erase, person, at=timezone.now())

        answers = together([erasing, partial(delete, account), erasing])

        assert not [answer for answer in answers if isinstance(answer, Error)]
        for model in (Person, User):
            assert not model.objects.exists()


@pytest.fixture
def erased_amid_signing_in(monkeypatch):
    """The answer to a right code, when its account is erased between reading and writing it."""
    monkeypatch.setattr("growth.accounts.pace.STEP", 0.001)
    account = confirmed("ada@growth.example")
    person = Person.objects.of_account(account)
    client = Client(raise_request_exception=False)
    client.post("/accounts/login/", {"login": account.email})
    code = CODE.search(str(mail.outbox[-1].body))
    assert code

    def erase_them(**kwargs):
        erase(person, at=timezone.now())

    def answer():
        pre_save.connect(erase_them, sender=User)
        try:
            return client.post("/accounts/login/code/confirm/", {"code": code[1]})
        finally:
            pre_save.disconnect(erase_them, sender=User)

    return answer


def test_who_is_erased_amid_signing_in_is_asked_to_come_back(erased_amid_signing_in):
    response = erased_amid_signing_in()

    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert response.client.get("/").wsgi_request.user.is_anonymous


@pytest.mark.guard
def test_without_the_look_at_the_account_it_is_a_fault_of_ours(erased_amid_signing_in, monkeypatch):
    monkeypatch.setattr(middleware, "was_erased", attrgetter("is_anonymous"))

    assert erased_amid_signing_in().status_code == 500
