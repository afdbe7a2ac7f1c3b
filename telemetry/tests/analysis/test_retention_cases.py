"""The worked cases of retention, each by its number in the definitions, and the rules of its answers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from telemetry.analysis.refusal import QuestionRefused
from telemetry.analysis.retention import Anchor, Mode, Period, RetentionSpec, people_of_retention, retention
from telemetry.models import Person
from telemetry.tests.analysis.streams import ZERO, Happening

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


def happened(log, person, *moments, name="A"):
    log.store(Happening(person, name, moment) for moment in moments)


def asked(log, **differently: Any) -> RetentionSpec:
    """Weeks of the event A from ZERO on, seen from week 30."""
    usually: dict[str, Any] = {
        "cohort_types": (log.type_id("A"),),
        "return_types": (log.type_id("A"),),
        "period": Period.WEEK,
        "periods": 4,
        "mode": Mode.ON,
        "anchor": Anchor.FIRST_EVER,
        "start": ZERO,
        "end": ZERO + 4 * WEEK,
        "as_of": ZERO + 30 * WEEK,
        "time_zone": "UTC",
    }
    return RetentionSpec(**usually | differently)


def triangle(report):
    return [row.retained for row in report.rows]


@pytest.fixture
def weeks(log):
    """AC-16: who was active in which week; week 3 is running."""
    streams = {"a": "0123", "b": "02", "c": "03", "d": "0", "e": "123", "f": "13", "g": "23"}
    for person, active in (streams | {"h": "2", "i": "2", "j": "2"}).items():
        happened(log, person, *(ZERO + int(week) * WEEK + DAY for week in active))
    return asked(log, as_of=ZERO + 3 * WEEK + 3 * DAY)


def test_ac_16_the_triangle_of_who_was_active_on_a_week(weeks):
    report = retention(weeks)

    assert [row.size for row in report.rows] == [4, 2, 4, 0]
    assert triangle(report) == [
        (4, 1, 2, None),
        (2, 1, None, None),
        (4, None, None, None),
        (None, None, None, None),
    ]
    assert list(report.weighted_mean) == [1, 2 / 6, 0.5, None]
    assert list(report.simple_mean) == [1, (0.25 + 0.5) / 2, 0.5, None]


def test_the_mean_of_shares_is_exact_before_it_is_rounded(log):
    sizes = [(5, 10), (63, 100), (21, 40), (1, 5)]
    for week, (returned, size) in enumerate(sizes):
        for number in range(size):
            back = [ZERO + (week + 1) * WEEK] if number < returned else []
            happened(log, f"{week}-{number}", ZERO + week * WEEK, *back)

    report = retention(asked(log, as_of=ZERO + 6 * WEEK))

    assert report.simple_mean[1] == 0.46375


def test_ac_16_the_triangle_of_who_was_active_on_a_week_or_later(weeks):
    report = retention(replace(weeks, mode=Mode.ON_OR_AFTER))

    assert triangle(report)[:3] == [(4, 3, 3, None), (2, 2, None, None), (4, None, None, None)]


def test_ac_16_a_week_later_the_running_week_is_complete(weeks):
    later = replace(weeks, as_of=ZERO + 4 * WEEK)

    assert triangle(retention(later))[:3] == [(4, 1, 2, 2), (2, 1, 2, None), (4, 1, None, None)]
    unbounded = retention(replace(later, mode=Mode.ON_OR_AFTER))
    assert triangle(unbounded)[:3] == [(4, 3, 3, 2), (2, 2, 2, None), (4, 1, None, None)]


def test_ac_18_days_are_those_of_the_calendar(log):
    offset = "+01:00"
    happened(log, "u", datetime.fromisoformat(f"2026-03-10T23:59:00{offset}"), name="B")
    returns = ["2026-03-11T00:01:00", "2026-03-11T23:58:00", "2026-03-12T00:30:00"]
    happened(log, "u", *(datetime.fromisoformat(moment + offset) for moment in returns))

    report = retention(
        asked(
            log,
            cohort_types=(log.type_id("B"),),
            period=Period.DAY,
            periods=3,
            start=datetime(2026, 3, 10, 12, tzinfo=UTC),
            end=datetime(2026, 3, 10, 13, tzinfo=UTC),
            time_zone="Europe/Berlin",
        )
    )

    assert report.rows[0].cohort == date(2026, 3, 10)
    assert triangle(report) == [(0, 1, 1)]
    assert report.start == datetime(2026, 3, 9, 23, tzinfo=UTC)
    assert report.end == datetime(2026, 3, 10, 23, tzinfo=UTC)


def test_ac_20_the_first_event_ever_looks_before_the_range(log):
    happened(log, "old", ZERO - 60 * DAY, ZERO + DAY, ZERO + 2 * DAY)
    happened(log, "new", ZERO + DAY)
    spec = asked(log, period=Period.DAY, periods=1, end=ZERO + 7 * DAY)

    sizes = {anchor: [row.size for row in retention(replace(spec, anchor=anchor)).rows] for anchor in Anchor}

    assert sum(sizes[Anchor.FIRST_EVER]) == 1
    assert sum(sizes[Anchor.FIRST_IN_RANGE]) == 2
    assert sizes[Anchor.RECURRING] == [0, 2, 1, 0, 0, 0, 0]


def test_months_are_those_of_the_calendar_across_a_change_of_clocks(log):
    happened(log, "u", datetime.fromisoformat("2026-02-28T23:30:00Z"))
    happened(log, "u", datetime.fromisoformat("2026-03-31T22:30:00Z"))
    spec = asked(
        log,
        period=Period.MONTH,
        periods=2,
        start=datetime(2026, 2, 10, tzinfo=UTC),
        end=datetime(2026, 3, 10, tzinfo=UTC),
    )

    assert triangle(retention(spec)) == [(1, 1), (0, 0)]
    berlin = retention(replace(spec, time_zone="Europe/Berlin"))
    assert [row.cohort for row in berlin.rows] == [date(2026, 2, 1), date(2026, 3, 1)]
    assert triangle(berlin) == [(0, 0), (1, 1)]


def test_a_return_before_the_anchor_does_not_count_and_one_at_its_instant_only_if_ingested_later(log):
    happened(log, "before", ZERO + DAY, name="R")
    happened(log, "before", ZERO + DAY)
    happened(log, "after", ZERO + DAY)
    happened(log, "after", ZERO + DAY, name="R")
    spec = asked(log, return_types=(log.type_id("R"),), periods=1, end=ZERO + WEEK)

    assert [(row.size, row.retained) for row in retention(spec).rows] == [(2, (1,))]
    people = Person.objects.filter(pk__in=people_of_retention(spec, date(2026, 3, 2), 0))
    assert log.names(people.values_list("pk", flat=True)) == ["after"]


def test_weeks_begin_on_monday_and_the_range_widens_to_them(log):
    report = retention(asked(log, start=ZERO + 2 * DAY, end=ZERO + 8 * DAY))

    assert [row.cohort for row in report.rows] == [date(2026, 3, 2), date(2026, 3, 9)]
    assert (report.start, report.end) == (ZERO, ZERO + 2 * WEEK)


def test_empty_cohorts_are_rows_and_weigh_nothing(log):
    report = retention(asked(log))

    assert [(row.size, row.retained) for row in report.rows] == [(0, (0, 0, 0, 0))] * 4
    assert report.weighted_mean == report.simple_mean == (None,) * 4


def test_only_the_people_asked_for_are_in_the_triangle(log):
    happened(log, "u", ZERO)
    happened(log, "v", ZERO)
    chosen = Person.objects.filter(pk=log.people["u"].pk)

    assert retention(asked(log, among=chosen)).rows[0].size == 1


@pytest.mark.parametrize("mode", list(Mode))
def test_every_cell_is_as_long_as_the_list_of_its_people(weeks, mode):
    spec = replace(weeks, mode=mode, as_of=ZERO + 9 * WEEK)
    for row in retention(spec).rows:
        for k, number in [(None, row.size), *enumerate(row.retained)]:
            assert Person.objects.filter(pk__in=people_of_retention(spec, row.cohort, k)).count() == number


@pytest.mark.parametrize(
    "differently",
    [
        {"periods": 0},
        {"periods": 401},
        {"period": Period.DAY, "end": ZERO + 500 * DAY},
        {"end": ZERO},
        {"start": datetime(9999, 12, 30, tzinfo=UTC), "end": datetime(9999, 12, 31, tzinfo=UTC)},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../etc/passwd"},
    ],
)
def test_a_question_nobody_could_read_the_answer_of_is_refused(log, differently):
    with pytest.raises(QuestionRefused):
        asked(log, **differently)


def test_a_cell_that_is_not_there_is_refused(weeks):
    with pytest.raises(QuestionRefused):
        people_of_retention(weeks, date(2026, 3, 3), 0)
    with pytest.raises(QuestionRefused):
        people_of_retention(weeks, date(2026, 3, 2), 4)
