"""What a refresh promises: whichever way it goes, the rows are those of a full one."""

from datetime import timedelta

import pytest

from telemetry.people.erasure import erase
from telemetry.segments.models import Segment, SegmentRefresh, SegmentWatermark
from telemetry.segments.refresh import refresh_segments
from telemetry.tests.segments.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def entries(person):
    return Segment.objects.get(person=person).entries_all_time


def test_the_first_refresh_recomputes_everybody(somebody, happened):
    person, quiet = somebody(), somebody()
    happened(person, HOUR)

    report = refresh_segments(now=NOW)

    assert (report.people, report.changed, report.full, report.as_of) == (2, 2, True, NOW)
    assert (entries(person), entries(quiet)) == (1, 0)


@pytest.mark.parametrize("full", [True, False])
def test_a_second_refresh_changes_nothing(somebody, happened, full):
    happened(somebody(), HOUR)
    refresh_segments(now=NOW)

    assert refresh_segments(now=NOW, full=full).changed == 0


def test_the_hourly_refresh_recomputes_only_those_who_moved(somebody, happened):
    stays, acts, slides, joins = somebody(), somebody(), somebody(), somebody(-HOUR)
    happened(stays, DAY * 3)
    happened(slides, DAY * 7 - HOUR)
    refresh_segments(now=NOW)
    happened(acts, -HOUR / 2)

    report = refresh_segments(now=NOW + HOUR)

    assert (report.people, report.changed, report.full) == (3, 3, False)
    assert Segment.objects.get(person=slides).entries_last_7_days == 0
    assert Segment.objects.filter(person=joins).exists()


def test_a_late_event_is_counted_by_the_next_refresh(somebody, happened):
    person = somebody()
    refresh_segments(now=NOW)
    happened(person, DAY * 100)

    refresh_segments(now=NOW + HOUR)

    assert entries(person) == 1


def test_somebody_who_signs_up_after_the_moment_has_no_row(somebody, happened):
    person = somebody()
    refresh_segments(now=NOW)
    type(person).objects.filter(pk=person.pk).update(signed_up_at=NOW + DAY)

    report = refresh_segments(now=NOW + HOUR)

    assert report.changed == 1
    assert not Segment.objects.exists()


def test_an_erased_person_leaves_no_row(somebody, happened):
    person = somebody()
    happened(person, HOUR)
    refresh_segments(now=NOW)

    erase(person, at=NOW)

    assert not Segment.objects.exists()
    assert refresh_segments(now=NOW + HOUR).people == 0


def test_as_of_recomputes_everybody_and_makes_the_next_refresh_a_full_one(somebody, happened):
    person, newcomer = somebody(), somebody(DAY)
    happened(person, HOUR)
    refresh_segments(now=NOW)

    past = refresh_segments(now=NOW, as_of=NOW - DAY * 2)

    assert (past.full, past.as_of, entries(person)) == (True, NOW - DAY * 2, 0)
    assert not Segment.objects.filter(person=newcomer).exists()
    back = refresh_segments(now=NOW + HOUR)
    assert (back.full, entries(person)) == (True, 1)
    assert refresh_segments(now=NOW + HOUR).full is False


def test_a_moment_still_to_come_is_refused(db):
    with pytest.raises(ValueError, match="still to come"):
        refresh_segments(now=NOW, as_of=NOW + HOUR)


def test_a_long_pause_or_a_clock_set_back_ends_in_a_full_refresh(somebody):
    somebody()
    refresh_segments(now=NOW)

    assert refresh_segments(now=NOW + DAY * 3).full
    assert refresh_segments(now=NOW).full


def test_a_queued_person_is_recomputed_once_as_of_the_last_refresh(somebody, happened):
    person = somebody()
    refresh_segments(now=NOW)
    happened(person, HOUR)
    happened(person, -HOUR)
    for _ in range(3):
        SegmentRefresh.objects.queue(person, NOW + HOUR * 2)

    drained = SegmentRefresh.objects.due(NOW + HOUR * 2).drain()

    assert (drained.done, drained.failed, entries(person)) == (1, 0, 1)
    assert SegmentWatermark.objects.as_of() == NOW


def test_a_login_queues_only_whom_a_day_has_passed_by(somebody):
    person = somebody()
    refresh_segments(now=NOW)

    SegmentRefresh.objects.queue_when_stale(person, NOW + DAY - HOUR)
    assert not SegmentRefresh.objects.exists()
    SegmentRefresh.objects.queue_when_stale(person, NOW + DAY)
    assert SegmentRefresh.objects.get().person == person


def test_nobody_is_recomputed_before_the_first_refresh(somebody):
    report = refresh_segments(now=NOW, people=[somebody().pk])

    assert (report.people, report.as_of) == (0, None)
    assert not Segment.objects.exists()


def test_what_a_person_recomputed_alone_already_counts_is_not_counted_again(somebody, happened):
    person = somebody()
    refresh_segments(now=NOW)
    happened(person, HOUR)
    refresh_segments(now=NOW, people=[person.pk])
    assert entries(person) == 1

    refresh_segments(now=NOW + HOUR)

    assert entries(person) == 1
