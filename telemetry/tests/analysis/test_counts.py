"""Counts of a range."""

from datetime import UTC, datetime, timedelta

import pytest

from telemetry.analysis.counts import active_people, people_active
from telemetry.models import Person
from telemetry.tests.analysis.streams import Happening

START, END = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 30, 22, tzinfo=UTC)
"""Two days of Berlin, the first an hour short."""


@pytest.fixture
def types(log):
    """Somebody on both days, twice on the first; somebody else on the second; rows outside."""
    log.store(
        [
            Happening("u", "A", START),
            Happening("u", "B", START + timedelta(hours=22, minutes=59)),
            Happening("u", "A", START + timedelta(hours=23)),
            Happening("v", "A", END - timedelta(microseconds=1)),
            Happening("v", "C", START),
            Happening("w", "A", END),
            Happening("w", "A", START - timedelta(microseconds=1)),
        ]
    )
    return log.type_id("A"), log.type_id("B")


def test_a_range_holds_its_start_and_not_its_end(log, types):
    assert active_people(types, START, END) == 2
    people = Person.objects.filter(pk__in=people_active(types, START, END))
    assert log.names(people.values_list("pk", flat=True)) == ["u", "v"]


def test_only_the_people_asked_for_are_counted(log, types):
    chosen = Person.objects.filter(pk=log.people["v"].pk)

    assert active_people(types, START, END, chosen) == 1
    assert Person.objects.filter(pk__in=people_active(types, START, END, chosen)).count() == 1


def test_no_event_types_are_nobody(db):
    assert active_people((), START, END) == 0
