"""Triangles of more periods than one mask holds, against plain counting."""

from datetime import date, timedelta

import pytest

from telemetry.analysis._retention_marks import BITS
from telemetry.analysis.retention import Anchor, Mode, Period, RetentionSpec, people_of_retention, retention
from telemetry.models import Person
from telemetry.tests.analysis.streams import ZERO, Happening

DAY = timedelta(days=1)
ZONES = ["UTC", "Europe/Berlin"]
"""With periods of one length, and with a change of clocks among them."""


def active_on(log, person, *days, name="A"):
    log.store(Happening(person, name, ZERO + day * DAY + timedelta(hours=12)) for day in days)


def days_of(log, periods, **differently) -> RetentionSpec:
    """Everybody's first day and so many after it; the first day is the only cohort."""
    usually = {
        "cohort_types": (log.type_id("A"),),
        "return_types": (log.type_id("A"),),
        "period": Period.DAY,
        "periods": periods,
        "mode": Mode.ON,
        "anchor": Anchor.FIRST_EVER,
        "start": ZERO + timedelta(hours=12),
        "end": ZERO + timedelta(hours=13),
        "as_of": ZERO + 500 * DAY,
        "time_zone": "UTC",
    }
    return RetentionSpec(**usually | differently)


def back_on(report, row=0):
    """The columns of a cohort that somebody is in."""
    return [k for k, people in enumerate(report.rows[row].retained) if people]


def behind(log, spec, k, cohort=date(2026, 3, 2)):
    people = Person.objects.filter(pk__in=people_of_retention(spec, cohort, k))
    return log.names(people.values_list("pk", flat=True))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("periods", [BITS - 1, BITS, BITS + 1, BITS + 2, 2 * BITS, 2 * BITS + 1, 400])
def test_the_last_column_is_seen_and_the_day_after_it_is_not(log, periods, zone):
    active_on(log, "u", 0, periods - 1)
    active_on(log, "v", 0, periods)
    spec = days_of(log, periods, time_zone=zone)

    assert back_on(retention(spec)) == [0, periods - 1]
    assert behind(log, spec, periods - 1) == ["u"]


@pytest.mark.parametrize("zone", ZONES)
def test_days_on_both_sides_of_a_masks_edge_are_told_apart(log, zone):
    edges = [BITS - 2, BITS - 1, BITS, BITS + 1, 2 * BITS - 1, 2 * BITS]
    for day in edges:
        active_on(log, f"u{day}", 0, day)
    active_on(log, "all", 0, *edges)
    spec = days_of(log, 3 * BITS, time_zone=zone)

    report = retention(spec)

    assert {k: report.rows[0].retained[k] for k in back_on(report)} == {0: 7} | dict.fromkeys(edges, 2)
    for day in edges:
        assert behind(log, spec, day) == ["all", f"u{day}"]


def test_a_cohort_beyond_the_first_mask_comes_back_in_the_second(log):
    active_on(log, "late", BITS, BITS + 1)
    active_on(log, "early", BITS - 1, BITS)
    spec = days_of(log, 3, end=ZERO + (BITS + 1) * DAY)

    report = retention(spec)

    assert [row.size for row in report.rows[-2:]] == [1, 1]
    assert report.rows[-1].retained == report.rows[-2].retained == (1, 1, 0)
    assert behind(log, spec, 1, report.rows[-1].cohort) == ["late"]


@pytest.mark.parametrize("mode", list(Mode))
def test_every_day_of_a_recurring_member_is_a_cohort_across_the_edge(log, mode):
    active_on(log, "u", *range(BITS + 2))
    spec = days_of(log, 2, end=ZERO + (BITS + 1) * DAY, anchor=Anchor.RECURRING, mode=mode)

    report = retention(spec)

    assert {(row.size, row.retained) for row in report.rows} == {(1, (1, 1))}
    assert all(behind(log, spec, 1, row.cohort) == ["u"] for row in report.rows[-3:])


def test_a_row_long_before_the_range_makes_nobody_a_member_nor_present(log):
    active_on(log, "old", -BITS - 1, -1, 0, 1)
    active_on(log, "new", 0, 2)
    spec = days_of(log, BITS)

    assert back_on(retention(spec)) == [0, 2]
    assert retention(spec).rows[0].size == 1


@pytest.mark.parametrize("zone", ZONES)
def test_members_who_never_return_are_in_no_column(log, zone):
    active_on(log, "gone", 0)
    active_on(log, "back", 0)
    active_on(log, "back", 5, name="R")
    spec = days_of(log, BITS + 1, return_types=(log.type_id("R"),), time_zone=zone)

    assert back_on(retention(spec)) == [5]
    later = days_of(log, 4, return_types=(log.type_id("R"),), mode=Mode.ON_OR_AFTER, time_zone=zone)
    assert retention(later).rows[0].retained == (1, 1, 1, 1)
    assert behind(log, later, 3) == ["back"]


def test_a_return_in_a_later_period_is_none_in_the_cohorts_own(log):
    active_on(log, "u", 0)
    active_on(log, "u", 1, name="R")
    for zone in ZONES:
        spec = days_of(log, 2, return_types=(log.type_id("R"),), time_zone=zone)
        assert retention(spec).rows[0].retained == (0, 1)


def test_empty_cohorts_between_others_keep_their_rows(log):
    active_on(log, "u", 0)
    active_on(log, "v", 70)
    report = retention(days_of(log, 2, end=ZERO + 71 * DAY))

    assert [index for index, row in enumerate(report.rows) if row.size] == [0, 70]
    assert all(row.retained == (0, 0) for row in report.rows[1:70])
