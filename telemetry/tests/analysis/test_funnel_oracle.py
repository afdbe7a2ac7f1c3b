"""The funnel's statement against exhaustive search on random streams, and what must hold for any stream."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from telemetry.analysis.funnel import FunnelCell, FunnelSpec, Step, funnel, people_of_funnel
from telemetry.models import Person
from telemetry.tests.analysis.funnel_oracle import Question, Row, middle, winner
from telemetry.tests.analysis.streams import Happening, at

NAMES = "ABC"
COLOURS = [None, "red", "blue"]
everyday = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
thorough = settings(everyday, max_examples=1500)


@dataclass(frozen=True)
class Asked:
    """A funnel in the words of a test: a step is a set of names and, at times, a colour."""

    steps: tuple[tuple[str, Any], ...]
    window: int
    start: int
    end: int
    as_of: int

    def spec(self, log) -> FunnelSpec:
        return FunnelSpec(
            steps=tuple(
                Step(names, tuple(map(log.type_id, names)), {"colour": (colour,)} if colour else {})
                for names, colour in self.steps
            ),
            window=timedelta(seconds=self.window),
            start=at(self.start),
            end=at(self.end),
            as_of=at(self.as_of),
            breakdown="colour",
        )

    def question(self) -> Question:
        def is_step(names, colour):
            return lambda row: row[2] in names and (colour is None or row[3] == colour)

        steps = [is_step(*step) for step in self.steps]
        return Question(steps, self.window, self.start, self.end, self.as_of)


@st.composite
def questions(draw) -> Asked:
    names = st.sampled_from(["A", "B", "C", "A", "B", "C", "AB", "BC"])
    steps = draw(
        st.lists(st.tuples(names, st.sampled_from([None, None, None, "red"])), min_size=1, max_size=4)
    )
    start = draw(st.integers(0, 15))
    return Asked(
        tuple(steps),
        window=draw(st.integers(1, 25)),
        start=start,
        end=draw(st.integers(start, 40)),
        as_of=draw(st.integers(0, 60)),
    )


@st.composite
def streams(draw) -> list[Happening]:
    seed = draw(st.randoms(use_true_random=False))
    return [
        Happening(
            person=f"p{seed.randrange(8)}",
            name=seed.choice(NAMES),
            at=at(seed.randrange(45)),
            properties=seed.choice([None, {"colour": seed.choice(COLOURS)}]),
        )
        for _ in range(seed.choice([0, 3, 10, 40, 80]))
    ]


def rows_by_person(events):
    found: dict[int, list[Row]] = {}
    for event in events:
        colour = (event.properties or {}).get("colour")
        seconds = (event.occurred_at - at(0)) // timedelta(seconds=1)
        found.setdefault(event.person_id, []).append((seconds, event.pk, event.type.name[-1], colour))
    return found


def ids(spec, *cell):
    people = Person.objects.filter(pk__in=people_of_funnel(spec, FunnelCell(*cell)))
    return sorted(people.values_list("pk", flat=True))


def agree(steps, winners):
    """Whether the reported steps are those of the winners by person."""
    best = list(winners.values())
    for number, step in enumerate(steps, start=1):
        assert step.reached == sum(w.depth >= number for w in best)
        assert step.in_progress == sum(w.depth == number - 1 and w.is_open for w in best)
        assert step.dropped == sum(w.depth == number - 1 and not w.is_open for w in best)
        if number > 1:
            assert step.median_seconds_from_entry == middle(best, number, 1)
            assert step.median_seconds_from_previous == middle(best, number, number - 1)


def compare(log, happenings, asked):
    """Ask both, and the people behind every figure."""
    events = log.store(happenings)
    for event in events:
        event.type = log.types[next(n for n, t in log.types.items() if t.pk == event.type_id)]
    by_person = rows_by_person(events)
    found = {person: winner(rows, asked.question()) for person, rows in by_person.items()}
    winners = {person: w for person, w in found.items() if w}
    spec = asked.spec(log)

    report = funnel(spec)

    agree(report.steps, winners)
    assert report.entered == report.converted + report.in_progress + report.dropped == len(winners)
    matured = replace(asked.question(), end=min(asked.end, asked.as_of - asked.window))
    mature = [w for w in (winner(rows, matured) for rows in by_person.values()) if w]
    assert report.mature.entered == len(mature)
    assert report.mature.converted == sum(w.depth == len(asked.steps) for w in mature)
    assert sorted(str(group.value) for group in report.groups) == sorted(
        {str(w.colour) for w in winners.values()}
    )
    for group in report.groups:
        agree(group.steps, {p: w for p, w in winners.items() if w.colour == group.value})
    assert_people(spec, report, winners)
    return report


def assert_people(spec, report, winners):
    groups = {None: winners} | {
        group.key: {p: w for p, w in winners.items() if w.colour == group.value} for group in report.groups
    }
    for key, of_group in groups.items():
        for step in range(1, len(spec.steps) + 1):
            assert ids(spec, "reached", step, key) == sorted(
                p for p, w in of_group.items() if w.depth >= step
            )
            for outcome, is_open in (("in_progress", True), ("dropped", False)):
                assert ids(spec, outcome, step, key) == sorted(
                    p for p, w in of_group.items() if w.depth == step - 1 and w.is_open is is_open
                )
    for outcome in ("in_progress", "dropped"):
        assert len(ids(spec, outcome)) == getattr(report, outcome)
    assert len(ids(spec.matured, "reached", 1)) == report.mature.entered
    assert len(ids(spec.matured, "reached", len(spec.steps))) == report.mature.converted


@everyday
@given(happenings=streams(), asked=questions())
def test_the_statement_agrees_with_exhaustive_search(log, happenings, asked):
    with log.emptied_after():
        compare(log, happenings, asked)


@pytest.mark.slow
@thorough
@given(happenings=streams(), asked=questions())
def test_the_statement_agrees_with_exhaustive_search_at_length(log, happenings, asked):
    with log.emptied_after():
        compare(log, happenings, asked)


def counts(report):
    return [step.reached for step in report.steps]


def asked_of(log, happenings, spec):
    """The report over nothing but these rows."""
    with log.emptied_after():
        log.store(happenings)
        return funnel(spec)


@everyday
@given(happenings=streams(), asked=questions(), extra=streams())
def test_a_longer_window_or_more_events_never_lower_a_count(log, happenings, asked, extra):
    spec = asked.spec(log)

    before = counts(asked_of(log, happenings, spec))

    assert before == sorted(before, reverse=True)
    longer = counts(asked_of(log, happenings, replace(spec, window=spec.window * 2)))
    more = counts(asked_of(log, happenings + extra, spec))
    assert all(now >= then for now, then in zip(longer, before, strict=True))
    assert all(now >= then for now, then in zip(more, before, strict=True))


@everyday
@given(happenings=streams(), asked=questions(), seed=st.randoms(use_true_random=False))
def test_the_order_of_ingest_decides_nothing_but_ties(log, happenings, asked, seed):
    untied = [replace(h, at=h.at + timedelta(milliseconds=n)) for n, h in enumerate(happenings)]
    shuffled = seed.sample(untied, len(untied))
    spec = asked.spec(log)

    assert asked_of(log, untied, spec) == asked_of(log, shuffled, spec)


@everyday
@given(happenings=streams(), asked=questions(), days=st.integers(-400, 400))
def test_moving_everything_in_time_changes_nothing(log, happenings, asked, days):
    spec, later = asked.spec(log), timedelta(days=days)
    moved = replace(spec, start=spec.start + later, end=spec.end + later, as_of=spec.as_of + later)

    report = asked_of(log, [replace(h, at=h.at + later) for h in happenings], moved)

    assert replace(report, spec=spec) == asked_of(log, happenings, spec)


@everyday
@given(happenings=streams(), asked=questions())
def test_without_a_person_the_report_is_as_if_they_had_never_come(log, happenings, asked):
    others = [h for h in happenings if h.person != "p1"]
    spec = asked.spec(log)
    with log.emptied_after():
        log.store(happenings)
        remaining = Person.objects.exclude(pk__in=[p.pk for n, p in log.people.items() if n == "p1"])

        report = funnel(replace(spec, among=remaining))

    assert replace(report, spec=spec) == asked_of(log, others, spec)


@everyday
@given(happenings=streams(), asked=questions())
def test_the_groups_of_a_breakdown_add_up_to_everybody(log, happenings, asked):
    report = asked_of(log, happenings, asked.spec(log))

    sums = [sum(group.steps[n].reached for group in report.groups) for n in range(len(report.steps))]

    assert sums == counts(report)
