"""The retention statement against plain Python on random streams, in zones whose clocks change."""

from datetime import UTC, date, datetime, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from telemetry.analysis.retention import Anchor, Mode, Period, RetentionSpec, people_of_retention, retention
from telemetry.models import Person
from telemetry.tests.analysis.streams import Happening

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Cairo", "Pacific/Apia"]
MIDDLES = [
    datetime(2018, 11, 4, tzinfo=UTC),
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2011, 12, 30, tzinfo=UTC),
]
REACH = {Period.DAY: timedelta(days=4), Period.WEEK: timedelta(weeks=4), Period.MONTH: timedelta(days=120)}
Row = tuple[datetime, int, int]
"""When, id, event type."""
everyday = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
thorough = settings(everyday, max_examples=1500)


def first_day(day: date, period: Period) -> date:
    """The first day of its period, found by stepping back."""
    while (period is Period.WEEK and day.weekday()) or (period is Period.MONTH and day.day != 1):
        day -= timedelta(days=1)
    return day


def following(day: date, period: Period) -> date:
    """The first day of the next period, found by stepping on."""
    step = day + timedelta(days=1)
    while first_day(step, period) != step:
        step += timedelta(days=1)
    return step


class Oracle:
    """The definitions, one person and one period after the other."""

    def __init__(self, spec: RetentionSpec, streams):
        self.spec, self.zone = spec, ZoneInfo(spec.time_zone)
        self.streams = {
            person: sorted(row for row in rows if row[0] <= spec.as_of) for person, rows in streams.items()
        }
        self.days = [self.period_of(spec.start)]
        while (
            following(self.days[-1], spec.period)
            <= (spec.end - timedelta(microseconds=1)).astimezone(self.zone).date()
        ):
            self.days.append(following(self.days[-1], spec.period))

    def period_of(self, moment: datetime) -> date:
        return first_day(moment.astimezone(self.zone).date(), self.spec.period)

    def anchors(self, person) -> dict[date, Row]:
        """The anchor row by cohort."""
        rows = [row for row in self.streams[person] if row[2] in self.spec.cohort_types]
        if self.spec.anchor is not Anchor.FIRST_EVER:
            rows = [row for row in rows if self.period_of(row[0]) in self.days]
        if self.spec.anchor is not Anchor.RECURRING:
            rows = rows[:1]
        found: dict[date, Row] = {}
        for row in rows:
            found.setdefault(self.period_of(row[0]), row)
        return {day: row for day, row in found.items() if day in self.days}

    def members(self, day: date) -> list[int]:
        return sorted(person for person in self.streams if day in self.anchors(person))

    def retained(self, day: date, k: int) -> list[int]:
        """Who is in the cell, complete or not."""
        wanted = day
        for _ in range(k):
            wanted = following(wanted, self.spec.period)
        return [
            person for person in self.members(day) if self.came(person, self.anchors(person)[day], wanted)
        ]

    def came(self, person, anchor, wanted: date) -> bool:
        seen = {
            self.period_of(row[0])
            for row in self.streams[person]
            if row[2] in self.spec.return_types and row[:2] >= anchor[:2]
        }
        return wanted in seen if self.spec.mode is Mode.ON else any(day >= wanted for day in seen)

    def is_complete(self, day: date, k: int) -> bool:
        for _ in range(k + 1):
            day = following(day, self.spec.period)
        ended = datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)
        return ended <= self.spec.as_of


@st.composite
def questions(draw, types):
    a, b, c = types
    period = draw(st.sampled_from(list(Period)))
    middle = draw(st.sampled_from(MIDDLES))
    reach = REACH[period] // timedelta(hours=1)
    hours = sorted(draw(st.lists(st.integers(-reach, reach), min_size=2, max_size=2, unique=True)))
    sets = st.sampled_from([(a,), (b,), (a, b), (b, c), (a, b, c)])
    return RetentionSpec(
        cohort_types=draw(sets),
        return_types=draw(sets),
        period=period,
        periods=draw(st.integers(1, 6)),
        mode=draw(st.sampled_from(list(Mode))),
        anchor=draw(st.sampled_from(list(Anchor))),
        start=middle + timedelta(hours=hours[0]),
        end=middle + timedelta(hours=hours[1]),
        as_of=middle + timedelta(hours=draw(st.integers(-reach, 3 * reach))),
        time_zone=draw(st.sampled_from(ZONES)),
    )


def streams_around(spec: RetentionSpec, random) -> list[Happening]:
    """Rows from before the range to after it, many on the hour and at the same instant."""
    span = REACH[spec.period]
    hours = (spec.end - spec.start + 3 * span) // timedelta(hours=1)
    return [
        Happening(
            f"p{random.randrange(7)}",
            random.choice("ABC"),
            spec.start - span + timedelta(hours=random.randrange(hours), minutes=random.choice([0, 0, 30])),
        )
        for _ in range(random.choice([0, 2, 8, 30, 80]))
    ]


def ids(spec, *cell):
    return sorted(Person.objects.filter(pk__in=people_of_retention(spec, *cell)).values_list("pk", flat=True))


def compare(log, spec, random):
    """Ask both, and the people behind every cell."""
    streams: dict[int, list[Row]] = {}
    for event in log.store(streams_around(spec, random)):
        streams.setdefault(event.person_id, []).append((event.occurred_at, event.pk, event.type_id))
    oracle = Oracle(spec, streams)

    report = retention(spec)

    assert [row.cohort for row in report.rows] == oracle.days
    assert oracle.period_of(report.start) == oracle.days[0]
    assert oracle.period_of(report.start - timedelta(microseconds=1)) < oracle.days[0]
    for row in report.rows:
        assert ids(spec, row.cohort, None) == oracle.members(row.cohort)
        assert row.size == len(oracle.members(row.cohort))
        for k, number in enumerate(row.retained):
            people = oracle.retained(row.cohort, k)
            assert ids(spec, row.cohort, k) == people
            assert number == (len(people) if oracle.is_complete(row.cohort, k) else None)
        if spec.mode is Mode.ON_OR_AFTER:
            known = [number for number in row.retained if number is not None]
            assert known == sorted(known, reverse=True)
    for k in range(spec.periods):
        cells = [
            (cell, row.size) for row in report.rows if (cell := row.retained[k]) is not None and row.size
        ]
        simple = fmean(cell / size for cell, size in cells) if cells else None
        weighted = sum(cell for cell, _ in cells) / sum(size for _, size in cells) if cells else None
        assert report.simple_mean[k] == (simple if simple is None else pytest.approx(simple))
        assert report.weighted_mean[k] == weighted


@everyday
@given(data=st.data(), random=st.randoms(use_true_random=False))
def test_the_statement_agrees_with_plain_python(log, data, random):
    with log.emptied_after():
        compare(log, data.draw(questions([log.type_id(name) for name in "ABC"])), random)


@pytest.mark.slow
@thorough
@given(data=st.data(), random=st.randoms(use_true_random=False))
def test_the_statement_agrees_with_plain_python_at_length(log, data, random):
    with log.emptied_after():
        compare(log, data.draw(questions([log.type_id(name) for name in "ABC"])), random)
