"""Which days a choice means."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict

from growth.dashboard.period import Clock, Period, Preset, preset_period
from growth.dashboard.scope import read_scope

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 31, 10, tzinfo=UTC)


def days_of(preset, *, complete=True, at=NOON):
    period = preset_period(preset, Clock(at, BERLIN), complete=complete, beginning=date(2009, 4, 24))
    return period.first, period.last


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.TODAY, date(2026, 3, 31), date(2026, 3, 31)),
        (Preset.WEEK, date(2026, 3, 24), date(2026, 3, 30)),
        (Preset.FOUR_WEEKS, date(2026, 3, 3), date(2026, 3, 30)),
        (Preset.QUARTER, date(2025, 12, 31), date(2026, 3, 30)),
        (Preset.THIS_MONTH, date(2026, 3, 1), date(2026, 3, 30)),
        (Preset.LAST_MONTH, date(2026, 2, 1), date(2026, 2, 28)),
        (Preset.YEAR, date(2025, 3, 31), date(2026, 3, 30)),
        (Preset.ALL, date(2009, 4, 24), date(2026, 3, 30)),
    ],
)
def test_a_preset_means_complete_days(preset, first, last):
    assert days_of(preset) == (first, last)


def test_the_running_day_joins_when_asked_for():
    assert days_of(Preset.WEEK, complete=False) == (date(2026, 3, 25), date(2026, 3, 31))


def test_a_day_is_complete_at_its_midnight():
    midnight = datetime(2026, 3, 30, 22, tzinfo=UTC)

    assert days_of(Preset.WEEK, at=midnight)[1] == date(2026, 3, 30)


def test_the_month_of_a_clock_change_is_an_hour_short():
    period = Period(date(2026, 3, 1), date(2026, 3, 31), Clock(NOON + timedelta(days=9), BERLIN))

    assert period.start == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert period.end == datetime(2026, 3, 31, 22, tzinfo=UTC)


def test_the_days_compared_with_are_as_many_and_right_before():
    before = preset_period(Preset.WEEK, Clock(NOON, BERLIN), complete=True, beginning=NOON.date()).previous

    assert (before.first, before.last) == (date(2026, 3, 17), date(2026, 3, 23))


def test_a_running_day_is_compared_with_as_much_of_the_day_before():
    today = preset_period(Preset.TODAY, Clock(NOON, BERLIN), complete=False, beginning=NOON.date())

    assert today.end == NOON
    assert today.previous.end == NOON - timedelta(days=1)


def test_a_leap_day_has_a_year_before():
    at = datetime(2028, 3, 1, tzinfo=UTC)
    period = preset_period(Preset.YEAR, Clock(at, ZoneInfo("UTC")), complete=True, beginning=at.date())

    assert (period.first, period.last) == (date(2027, 3, 1), date(2028, 2, 29))


@pytest.mark.parametrize("days", [1, 28, 92, 93, 365, 731, 732, 6_300])
def test_the_stretches_of_a_line_begin_with_the_period_and_are_few(days):
    clock = Clock(NOON, BERLIN)
    period = Period(clock.last_complete_day - timedelta(days=days - 1), clock.last_complete_day, clock)
    stretches = period.buckets()

    assert stretches[0] == period.first
    assert list(stretches) == sorted(set(stretches))
    assert stretches[-1] <= period.last
    assert len(stretches) <= 110


@pytest.mark.parametrize(
    "query",
    [
        "period=nonsense",
        "period=custom&first=0001-01-01&last=9999-12-31",
        "period=custom&first=2026-03-10&last=2026-03-01",
        "as_of=9999-12-31",
        "as_of=yesterday",
        "complete=%00&leave_out=2",
        "funnel=%3Cscript%3E&pace=year&mode=no",
        "period=custom&first=2999-01-01",
    ],
)
def test_a_choice_that_cannot_be_read_falls_back(query):
    scope = read_scope(QueryDict(query), NOON, lambda: date(2009, 4, 24))

    assert scope.period.end <= NOON
    assert scope.period.start <= scope.period.end
    assert scope.as_of <= NOON


def test_a_choice_that_is_changed_leaves_the_others():
    scope = read_scope(QueryDict("period=7d&as_of=2026-02-28&complete=0"), NOON, NOON.date)

    assert scope.query(period="28d", as_of="") == "period=28d&complete=0"
