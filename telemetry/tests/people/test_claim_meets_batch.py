"""A claim locks two people; a batch that knows both must not wait for it in a circle."""

from datetime import timedelta
from threading import Event as Moment, Thread

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import Error, connection

from telemetry.log import _store
from telemetry.log.ingest import store
from telemetry.log.items import Item
from telemetry.log.models import Event, Origin
from telemetry.people.claim import claim
from telemetry.people.models import Person, PersonAlias
from telemetry.people.querysets import PersonQuerySet
from telemetry.tests.invariants import assert_invariants
from telemetry.tests.people.conftest import NOON
from telemetry.tests.waiting import until_it_waits_or_ends

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def claimed_amid_a_batch(monkeypatch):
    """The errors of a claim and of a batch that has moved the account's sign-up when the claim begins."""
    moved, move = Moment(), _store._move_sign_ups

    def move_and_wait(*args):
        move(*args)
        moved.set()
        until_it_waits_or_ends(claiming)

    monkeypatch.setattr(_store, "_move_sign_ups", move_and_wait)
    monkeypatch.setattr(_store, "ATTEMPTS", 1)  # so that a second attempt hides nothing
    account = get_user_model().objects.create_user("ada@growth.example")
    visitor = Person.objects.create(signed_up_at=NOON - timedelta(days=9))
    own = Person.objects.create(account=account, signed_up_at=NOON)
    for person, name in ((visitor, "visitor"), (own, "own")):
        person.aliases.create(kind=PersonAlias.Kind.USER, value=name)
    errors = []

    def attempt(call):
        try:
            call()
        except Error as error:
            errors.append(error)
        finally:
            connection.close()

    def claim_then():
        moved.wait(10)
        claim(visitor, account, at=NOON)

    def send():
        items = [
            Item(id=user, name="activity.logged", user=user, occurred_at=NOON - timedelta(days=1))
            for user in ("visitor", "own")
        ]
        store(items, origin=Origin.API, now=NOON)

    claiming = Thread(target=attempt, args=[claim_then])

    def run():
        sending = Thread(target=attempt, args=[send])
        claiming.start()  # it waits for the batch to have moved the sign-up
        sending.start()
        sending.join(20)
        claiming.join(20)
        return errors

    return run


def test_both_come_to_their_end(claimed_amid_a_batch):
    assert claimed_amid_a_batch() == []
    assert Event.objects.count() == 2
    assert_invariants(NOON)


if settings.POSTGRESQL:  # SQLite lets one transaction write at a time.

    @pytest.mark.guard
    def test_with_the_stronger_lock_they_deadlock(claimed_amid_a_batch, monkeypatch):
        lock = PersonQuerySet.select_for_update
        monkeypatch.setattr(PersonQuerySet, "select_for_update", lambda people, **_: lock(people))

        (error,) = claimed_amid_a_batch()

        assert "deadlock" in str(error)
