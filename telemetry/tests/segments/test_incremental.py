"""The hourly refresh equals a full one, bit for bit, whatever happened in between."""

from datetime import timedelta
from itertools import count

import pytest
from django.db import transaction
from hypothesis import given, settings, strategies as st

from telemetry.log.models import Event, Origin, Project
from telemetry.log.vocabulary import type_ids
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.segments._statements import COLUMNS
from telemetry.segments.models import Segment, SegmentRefresh, SegmentWatermark
from telemetry.segments.refresh import refresh_segments
from telemetry.tests.segments.conftest import NOW

STEP = timedelta(hours=12)  # divides every window, so that events meet the edges exactly
NAMES = (
    "activity.logged",
    "activity.logged",
    "task.assigned",
    "task.completed",
    "auth.login",
    "timer.started",
)
PEOPLE = st.integers(0, 1)
#: So many steps before now; mostly where a window begins or has just begun.
AGO = st.sampled_from([-1, 0, 1, 2, 3, 12, 13, 14, 15, 58, 59, 60, 61, 62, 70])

happens = st.tuples(
    st.just("happens"),
    PEOPLE,
    AGO,
    st.sampled_from(("activity.logged", "activity.logged", "activity.logged", *NAMES[1:])),
    st.sampled_from(["timer", "manual", ""]),
    st.sampled_from(["", "a", "b"]),
)
rarely = st.one_of(
    st.tuples(st.just("signs_up"), PEOPLE, AGO),
    st.tuples(st.just("erased"), PEOPLE),
    st.tuples(st.just("queued"), PEOPLE),
    st.tuples(st.just("drained")),
    st.tuples(st.just("rewound"), st.integers(1, 2)),
)
happenings = st.lists(st.integers(0, 9).flatmap(lambda n: rarely if n == 9 else happens), max_size=4)
#: What happens, and how many steps later the next refresh comes.
rounds = st.tuples(happenings, st.integers(0, 2))
stories = st.lists(rounds, min_size=2, max_size=8)


class Story:
    """A log, the people in it, and the time as it goes on."""

    def __init__(self):
        for model in (SegmentRefresh, SegmentWatermark, Event, Person):
            model.objects.all().delete()
        self.keys = count(1)
        self.now = NOW
        self.people = {}
        self.types = dict(zip(NAMES, type_ids(*NAMES), strict=True))

    def person(self, nth):
        if nth not in self.people:
            self.people[nth] = Person.objects.create()
        return self.people[nth]

    def happens(self, nth, ago, name, source, project):
        person, at = self.person(nth), self.now - STEP * ago
        Event.objects.create(
            person=person,
            type_id=self.types[name],
            occurred_at=at,
            origin=Origin.CSV,
            key=next(self.keys).to_bytes(16, "big"),
            source=source,
            project=Project.objects.get_or_create(name=project)[0] if project else None,
            duration_seconds=60 * ago if ago > 0 else None,
        )
        person.was_active(at)

    def signs_up(self, nth, ago):
        person = self.person(nth)
        person.signed_up_at, person.sign_up_stated = self.now - STEP * ago, True
        person.save()

    def erased(self, nth):
        if person := self.people.pop(nth, None):
            erase(person, at=self.now)

    def queued(self, nth):
        SegmentRefresh.objects.queue(self.person(nth), self.now)

    def drained(self):
        assert SegmentRefresh.objects.due(self.now).drain().failed == 0

    def passes(self, steps):
        self.now += STEP * steps

    def rewound(self, steps):
        refresh_segments(now=self.now, as_of=self.now - STEP * steps)

    def refreshed(self):
        refresh_segments(now=self.now)
        assert rows() == rows_of_a_full_refresh(self.now)


def rows():
    return sorted(Segment.objects.values_list("person_id", *COLUMNS))


def rows_of_a_full_refresh(as_of):
    with transaction.atomic():
        Segment.objects.all().delete()
        refresh_segments(now=as_of, full=True)
        found = rows()
        transaction.set_rollback(True)
    return found


def live(story):
    """Tell a story to both, and compare them after each part."""
    told = Story()
    told.refreshed()
    for happenings, steps in story:
        for what, *how in happenings:
            getattr(told, what)(*how)
        told.passes(steps)
        told.refreshed()


@pytest.mark.django_db(transaction=True)
@settings(max_examples=20, deadline=None)
@given(stories)
def test_the_hourly_refresh_equals_a_full_one(story):
    live(story)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@settings(max_examples=200, deadline=None)
@given(stories)
def test_the_hourly_refresh_equals_a_full_one_in_many_stories(story):
    live(story)
