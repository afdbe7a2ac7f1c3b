"""Two pages ask for the first code of one person, or two people draw the same one, at the same instant."""

from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError, Thread, local

import pytest
from django.conf import settings
from django.db import connection

from referrals import codes
from referrals.models import ReferralCode
from referrals.querysets.codes import ReferralCodeQuerySet
from referrals.tests.conftest import NOON, a_code, numbers, somebody
from telemetry.people.models import Person
from telemetry.tests.ingest.test_store_in_parallel import together

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


@pytest.fixture
def drawn_at_once(monkeypatch):
    """The codes of two people who drew the same one first, and both found it free."""
    exists, here = ReferralCodeQuerySet.exists, local()

    def draw():
        here.draws = getattr(here, "draws", 0) + 1
        return here.first if here.draws == 1 else a_code(next(numbers))

    def ask(person, first, looked):
        here.first = first

        def look_together(codes):
            found = exists(codes)
            if here.draws == 1:
                looked.wait(PATIENCE)
            return found

        monkeypatch.setattr(ReferralCodeQuerySet, "exists", look_together)
        return ReferralCode.objects.issue_to(person, at=NOON).code

    def ask_both():
        people, first, looked = [somebody(), somebody()], a_code(next(numbers)), Barrier(2)
        return first, together([partial(ask, person, first, looked) for person in people])

    monkeypatch.setattr(codes, "draw", draw)
    return ask_both


def test_two_who_draw_the_same_code_get_two(drawn_at_once):
    for _round in range(ROUNDS):
        first, answers = drawn_at_once()

        assert len(set(answers)) == 2
        assert first in answers


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

    @pytest.mark.guard
    def test_unless_codes_are_unique_two_get_the_same(drawn_at_once):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname FROM pg_constraint"
                " WHERE conrelid = 'referrals_referralcode'::regclass AND contype = 'u'"
            )
            [(name,)] = cursor.fetchall()
            cursor.execute(f'ALTER TABLE referrals_referralcode DROP CONSTRAINT "{name}"')
        try:
            first, answers = drawn_at_once()
            assert answers == [first, first]
        finally:
            ReferralCode.objects.all().delete()
            with connection.cursor() as cursor:
                cursor.execute(f'ALTER TABLE referrals_referralcode ADD CONSTRAINT "{name}" UNIQUE (code)')
