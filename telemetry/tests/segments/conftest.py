"""A log to count: people and events, written as the door of an import would."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from telemetry.log.models import Event, Origin, Project
from telemetry.log.vocabulary import type_ids
from telemetry.people.models import Person
from telemetry.segments.refresh import RefreshReport, refresh_segments

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
LONG_AGO = timedelta(days=400)


@pytest.fixture
def somebody(db) -> Callable[..., Person]:
    """A person who signed up so long before NOW."""

    def make(age: timedelta = LONG_AGO, **fields) -> Person:
        return Person.objects.create(signed_up_at=NOW - age, sign_up_stated=True, **fields)

    return make


@pytest.fixture
def happened(db) -> Callable[..., Event]:
    """An event of a person, so long before NOW."""
    keys = count(1)

    def make(person: Person, ago: timedelta, name: str = "activity.logged", **fields) -> Event:
        if project := fields.pop("project", None):
            fields["project"], _ = Project.objects.get_or_create(name=project)
        (type_id,) = type_ids(name)
        return Event.objects.create(
            person=person,
            type_id=type_id,
            occurred_at=NOW - ago,
            origin=Origin.CSV,
            key=next(keys).to_bytes(16, "big"),
            **fields,
        )

    return make


@pytest.fixture
def refreshed(db) -> Callable[[], RefreshReport]:
    """Everybody recomputed as of NOW."""
    return lambda: refresh_segments(now=NOW, full=True)
