"""Two people sign up in one browser at the same instant: one of them is the visitor."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from telemetry.people import claim as claiming
from telemetry.people.claim import claim
from telemetry.people.models import Person, PersonAlias
from telemetry.people.querysets import PersonQuerySet
from telemetry.tests.invariants import assert_invariants
from telemetry.tests.people.conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def claimed_at_once(monkeypatch):
    """Who each of two accounts is said to be, after both saw the visitor free if the database lets them."""
    is_free = claiming._is_free
    accounts = [get_user_model().objects.create_user(f"{name}@growth.example") for name in ("ada", "bob")]
    visitor = Person.objects.create()
    visitor.aliases.create(kind=PersonAlias.Kind.VISITOR, value="cookie")

    def run(patience=1):
        looked, found = Barrier(2, timeout=patience), {}

        def look_together(person):
            free = is_free(person)
            with suppress(BrokenBarrierError):
                looked.wait()
            return free

        monkeypatch.setattr(claiming, "_is_free", look_together)

        def sign_up(account):
            try:
                found[account.pk] = claim(visitor, account, at=NOON).pk
            finally:
                connection.close()

        threads = [Thread(target=sign_up, args=[account]) for account in accounts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [found.get(account.pk) for account in accounts]

    return run


def test_the_visitor_is_one_of_them(claimed_at_once):
    one, other = claimed_at_once()

    assert None not in (one, other)
    assert one != other
    assert Person.objects.filter(account=None).count() == 0
    assert_invariants(NOON)


if settings.POSTGRESQL:  # SQLite lets one transaction write at a time: there the lock has nothing to do.

    @pytest.mark.guard
    def test_without_the_lock_the_visitor_is_both(claimed_at_once, monkeypatch):
        monkeypatch.setattr(PersonQuerySet, "select_for_update", lambda people, **_: people.all())

        one, other = claimed_at_once(patience=9)

        assert one == other
