"""Somebody withdraws at the instant at which something of theirs happens: nothing leaves after the no."""

from threading import Event as Moment, Thread

import pytest
from django.conf import settings
from django.db import connection

from telemetry.consent import standing
from telemetry.consent._said import said_by
from telemetry.consent.answers import grant, withdraw
from telemetry.consent.models import Source
from telemetry.log.product_events import ActivityLogged
from telemetry.log.track import track
from telemetry.people.models import Person
from telemetry.signals import consent_withdrawn
from telemetry.tests.consent.conftest import MINUTE, NOON
from telemetry.tests.invariants import assert_invariants

pytestmark = pytest.mark.django_db(transaction=True)

#: Whoever is kept waiting by the database is kept that long.
PATIENCE = 1


@pytest.fixture
def left_after_the_no(monkeypatch, left):
    """How many events leave after the no was written, which begins once consent was read so many times."""

    def run(reads, patience=PATIENCE):
        person = Person.objects.create()
        grant(person, source=Source.SETTINGS, at=NOON)
        looked, refused, before_it = Moment(), Moment(), []
        read, times = said_by, []

        def read_and_wait(people):
            found = read(people)
            times.append(found)
            if len(times) == reads:
                looked.set()
                refused.wait(patience)
            return found

        def count(**_kwargs):
            before_it.append(len(left))

        def refuse():
            looked.wait(9)
            try:
                withdraw(person, source=Source.SETTINGS, at=NOON + MINUTE)
                refused.set()
            finally:
                connection.close()

        monkeypatch.setattr(standing, "said_by", read_and_wait)
        consent_withdrawn.connect(count)
        try:
            thread = Thread(target=refuse)
            thread.start()
            track(person, ActivityLogged(), at=NOON + MINUTE)
            thread.join()
        finally:
            consent_withdrawn.disconnect(count)
        [leaving_before] = before_it
        return len(left) - leaving_before

    return run


@pytest.mark.parametrize("reads", [1, 2])
def test_nothing_leaves_after_the_no(left_after_the_no, reads):
    assert left_after_the_no(reads) == 0
    assert_invariants(NOON + MINUTE)


if settings.POSTGRESQL:  # SQLite lets one transaction write at a time: there the lock has nothing to do.

    @pytest.mark.guard
    def test_unless_who_said_yes_is_not_held(left_after_the_no, monkeypatch):
        monkeypatch.setattr(standing, "hold", lambda _people: None)

        assert left_after_the_no(2, patience=9) == 1
