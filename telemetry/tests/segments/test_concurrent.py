"""Ids are given at insert and appear at commit: what commits late counts, and two refreshes are as one."""

from datetime import timedelta
from threading import Barrier, Event as Signal, Thread

import pytest
from django.db import connection, transaction

from telemetry.segments import _horizon
from telemetry.segments.models import Segment, SegmentWatermark
from telemetry.segments.querysets import SegmentWatermarkQuerySet
from telemetry.segments.refresh import refresh_segments
from telemetry.tests.invariants import assert_invariants
from telemetry.tests.segments.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: SQLite has one writer at a time: there the late one commits when it has kept the others waiting so long.
PATIENCE = 0.5

pytestmark = pytest.mark.django_db(transaction=True)


def entries(person):
    return Segment.objects.get(person=person).entries_all_time


def meanwhile(work):
    """A thread that works on its own connection."""

    def closing():
        try:
            work()
        finally:
            connection.close()

    thread = Thread(target=closing)
    thread.start()
    return thread


@pytest.fixture
def late_commit(somebody, happened):
    """Two people, of whom the first one's event has the lower id and commits when told to."""
    late, early = somebody(), somebody()
    refresh_segments(now=NOW)
    written, may_commit = Signal(), Signal()

    def write_and_wait():
        with transaction.atomic():
            happened(late, DAY * 100)
            written.set()
            may_commit.wait(None if connection.vendor == "postgresql" else PATIENCE)

    writer = meanwhile(write_and_wait)
    assert written.wait(10)
    happened(early, DAY * 100)

    def commit():
        may_commit.set()
        writer.join()

    yield late, early, commit
    commit()


def test_a_lower_id_that_commits_after_a_higher_one_is_counted(late_commit):
    late, early, commit = late_commit
    for hour in (1, 2):
        refresh_segments(now=NOW + HOUR * hour)
        assert entries(early) == 1

    commit()
    refresh_segments(now=NOW + HOUR * 3)

    assert (entries(late), entries(early)) == (1, 1)
    assert_invariants(NOW + HOUR * 3)


def test_what_is_settled_is_met_only_once(somebody, happened):
    person = somebody()
    refresh_segments(now=NOW)
    happened(person, DAY * 100)

    met = [refresh_segments(now=NOW + HOUR * hour).people for hour in (1, 2, 3)]

    assert met == [1, 0, 0]


@pytest.mark.parametrize("full", [True, False])
def test_two_refreshes_at_once_are_as_one(somebody, happened, full):
    people = [somebody() for _ in range(5)]
    refresh_segments(now=NOW)
    for person in people:
        happened(person, DAY * 8 - HOUR)
    reports = []

    def refresh():
        reports.append(refresh_segments(now=NOW + HOUR, full=full))

    for thread in [meanwhile(refresh) for _ in range(4)]:
        thread.join()

    assert sorted(report.changed for report in reports) == [0, 0, 0, 5]
    assert [entries(person) for person in people] == [1] * 5
    assert SegmentWatermark.objects.as_of() == NOW + HOUR
    assert_invariants(NOW + HOUR)


if connection.vendor == "postgresql":  # elsewhere there is no guard to take away

    @pytest.mark.guard
    def test_unless_the_watermark_is_held_two_refreshes_meet_the_same_people(somebody, happened, monkeypatch):
        person = somebody()
        refresh_segments(now=NOW)
        happened(person, DAY * 8 - HOUR)
        both_have_looked = Barrier(2)

        def looked_at(watermarks):
            watermark = watermarks.get()
            both_have_looked.wait(10)
            return watermark

        monkeypatch.setattr(SegmentWatermarkQuerySet, "held", looked_at)
        reports = []

        def refresh():
            reports.append(refresh_segments(now=NOW + HOUR))

        for thread in [meanwhile(refresh) for _ in range(2)]:
            thread.join()

        assert [report.people for report in reports] == [1, 1]

    @pytest.mark.guard
    def test_without_the_horizon_what_commits_late_is_lost(late_commit, monkeypatch):
        monkeypatch.setattr(_horizon, "_writers_end", lambda _cursor: True)
        late, _early, commit = late_commit
        refresh_segments(now=NOW + HOUR)

        commit()
        refresh_segments(now=NOW + HOUR * 2)

        assert entries(late) == 0
