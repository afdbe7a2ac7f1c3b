"""Two pages ask for the first code of one person at the same instant."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from django.conf import settings
from django.db import connection

from referrals.models import ReferralCode
from referrals.querysets.codes import ReferralCodeQuerySet
from referrals.tests.conftest import NOON
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 25
#: Whoever waits for another thread that never comes gives up.
PATIENCE = 9


@pytest.fixture
def asked_at_once(monkeypatch):
    """The codes that two pages show, after both saw none."""
    shown_to = ReferralCodeQuerySet.shown_to

    def ask():
        person, looked, answers = Person.objects.create(), Barrier(2), []

        def look_together(codes, whose):
            found = shown_to(codes, whose)
            with suppress(BrokenBarrierError):
                if found is None:
                    looked.wait(PATIENCE)
            return found

        monkeypatch.setattr(ReferralCodeQuerySet, "shown_to", look_together)

        def show():
            try:
                answers.append(ReferralCode.objects.issue_to(person, at=NOON).code)
            finally:
                connection.close()

        threads = [Thread(target=show) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    return ask


def test_both_show_the_same_code(asked_at_once):
    for _round in range(ROUNDS if settings.POSTGRESQL else 1):
        one, other = asked_at_once()

        assert one == other


if settings.POSTGRESQL:  # where an index can be away for the length of a test

    @pytest.mark.guard
    def test_without_the_unique_index_they_show_two(asked_at_once):
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX one_primary_code_per_person")
        try:
            one, other = asked_at_once()
            assert one != other
        finally:
            ReferralCode.objects.all().delete()
            with connection.cursor() as cursor:
                cursor.execute(
                    "CREATE UNIQUE INDEX one_primary_code_per_person"
                    " ON referrals_referralcode (person_id) WHERE is_primary"
                )
