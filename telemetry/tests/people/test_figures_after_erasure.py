"""Figures after an erasure are those of a log in which the erased never were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from telemetry.analysis.counts import active_people
from telemetry.analysis.funnel import FunnelSpec, Step, funnel
from telemetry.analysis.periods import Period
from telemetry.analysis.retention import Anchor, Mode, RetentionSpec, retention
from telemetry.log.ingest import store
from telemetry.log.items import Item
from telemetry.log.models import Origin, Project
from telemetry.log.vocabulary import type_ids
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.segments.properties import properties_of
from telemetry.segments.refresh import refresh_segments
from telemetry.tests.people.conftest import DAY, NOON

NAMES = ("activity.logged", "task.assigned", "task.completed")
USERS = ("anna", "bert", "cleo", "dora")
START = NOON - 20 * DAY

happenings = st.tuples(
    st.sampled_from(USERS),
    st.sampled_from(NAMES),
    st.integers(0, 20 * 4),
    st.sampled_from(["timer", "manual", ""]),
    st.sampled_from(["", "one", "two"]),
)
streams = st.lists(happenings, max_size=40)


@dataclass(frozen=True)
class Figures:
    """Everything that reports say of a log."""

    funnel: object
    retention: object
    counts: object
    segments: object
    projects: object


def items(stream, without=()):
    """The stream as a program would send it, a quarter of a day a step; the same ids whoever is left out."""
    return [
        Item(
            id=str(number),
            name=name,
            user=user,
            occurred_at=START + timedelta(hours=6 * step),
            source=source,
            project=project,
        )
        for number, (user, name, step, source, project) in enumerate(stream)
        if user not in without
    ]


def figures():
    """What the log of this moment answers."""
    refresh_segments(now=NOON, full=True)
    window: dict[str, Any] = {"start": START, "end": NOON, "as_of": NOON}
    types = type_ids(*NAMES)
    steps = tuple(Step(name, type_ids(name)) for name in NAMES)
    cohorts: dict[str, Any] = {
        "period": Period.DAY,
        "periods": 7,
        "mode": Mode.ON_OR_AFTER,
        "anchor": Anchor.FIRST_EVER,
    }
    return Figures(
        funnel=funnel(FunnelSpec(steps=steps, window=5 * DAY, breakdown="source", **window)),
        retention=retention(RetentionSpec(types[:1], types, time_zone="Europe/Vienna", **cohorts, **window)),
        counts=tuple(active_people(types, START + day * DAY, NOON) for day in range(20)),
        segments={user: properties_of(Person.objects.called(user).get()) for user in USERS if known(user)},
        projects=set(Project.objects.values_list("name", flat=True)),
    )


def known(user):
    return Person.objects.called(user).exists()


class Undone(Exception):
    """Ends a world that is only looked at."""


def in_a_world(happen):
    """What the figures are after something happened in an empty log."""
    told = []
    try:
        with transaction.atomic():
            happen()
            told.append(figures())
            raise Undone
    except Undone:
        return told[0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=streams, erased=st.sets(st.sampled_from(USERS), min_size=1, max_size=3))
def test_they_are_those_of_a_log_in_which_the_erased_never_were(db, stream, erased):
    def live_and_be_erased():
        store(items(stream), origin=Origin.API, now=NOON)
        refresh_segments(now=NOON)
        for person in Person.objects.filter(aliases__value__in=erased):
            assert erase(person, at=NOON)
        replayed = store(items(stream), origin=Origin.API, now=NOON)
        assert replayed.accepted == 0
        assert len(replayed.rejected) == len(items(stream)) - len(items(stream, without=erased))

    def never_be():
        store(items(stream, without=erased), origin=Origin.API, now=NOON)

    assert in_a_world(live_and_be_erased) == in_a_world(never_be)
