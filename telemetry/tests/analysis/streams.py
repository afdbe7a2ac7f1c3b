"""Small streams of events: written down in a test, stored as rows of the log."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.db import transaction

from telemetry.analysis.funnel import FunnelSpec, Step
from telemetry.instants import MICROSECOND
from telemetry.models import Event, EventType, Person, Project

ZERO = datetime(2026, 3, 2, tzinfo=UTC)
"""Second 0 of the worked cases: a Monday."""


def at(seconds: float) -> datetime:
    """So many seconds into the case."""
    return ZERO + round(seconds * 1_000_000) * MICROSECOND


@dataclass(frozen=True, slots=True)
class Happening:
    """One event to be: who, what, when."""

    person: str
    name: str
    at: datetime
    properties: dict[str, Any] | None = None
    source: str = ""
    project: str = ""


@dataclass
class Log:
    """The event log of one test; people and event types are made when first named."""

    people: dict[str, Person] = field(default_factory=dict)
    types: dict[str, EventType] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    stored: int = 0

    def type_id(self, name: str) -> int:
        """The key of the event type."""
        if name not in self.types:
            self.types[name] = EventType.objects.create(name=f"test.{name}", meaning="A row of a test.")
        return self.types[name].pk

    def store(self, happenings: Iterable[Happening]) -> list[Event]:
        """Append the rows in this order, which is that of their ids."""
        happenings = list(happenings)
        self._name({h.person for h in happenings}, {h.project for h in happenings if h.project})
        return Event.objects.bulk_create([self._row(h) for h in happenings])

    def write(self, person: str, stream: str) -> None:
        """Append rows written as `A0 B10.5 A20:red`, seconds after ZERO, with a colour if any."""
        self.store(_read(person, stream))

    def step(self, name: str, **where: Any) -> Step:
        """A step by the name of its event type."""
        return Step(name, (self.type_id(name),), {key: (value,) for key, value in where.items()})

    def spec(self, steps: str, window: float, end: float = 100_000, **rest: Any) -> FunnelSpec:
        """A funnel over `A B C` from second 0, seen from long after unless `as_of` says otherwise."""
        return FunnelSpec(
            steps=tuple(self.step(name) for name in steps.split()),
            window=timedelta(seconds=window),
            start=rest.pop("start", ZERO),
            end=at(end),
            as_of=rest.pop("as_of", at(10_000_000)),
            **rest,
        )

    def names(self, people: Iterable[int]) -> list[str]:
        """The names of these ids, sorted; one that comes twice comes twice."""
        known = {person.pk: name for name, person in self.people.items()}
        return sorted(known[pk] for pk in people)

    @contextmanager
    def emptied_after(self) -> Iterator[None]:
        """Take back all rows and people stored inside."""
        before = dict(self.people), dict(self.types), dict(self.projects)
        savepoint = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(savepoint)
            self.people, self.types, self.projects = before

    def _name(self, people: set[str], projects: set[str]) -> None:
        new = sorted(people - self.people.keys())
        self.people.update(zip(new, Person.objects.bulk_create(Person() for _ in new), strict=True))
        named = sorted(projects - self.projects.keys())
        made = Project.objects.bulk_create(Project(name=name) for name in named)
        self.projects.update(zip(named, made, strict=True))

    def _row(self, happening: Happening) -> Event:
        self.stored += 1
        return Event(
            type_id=self.type_id(happening.name),
            person=self.people[happening.person],
            occurred_at=happening.at,
            origin=0,
            key=blake2b(str(self.stored).encode(), digest_size=16).digest(),
            project=self.projects.get(happening.project),
            source=happening.source,
            properties=happening.properties,
        )


def _read(person: str, stream: str) -> Sequence[Happening]:
    happenings = []
    for word in stream.split():
        event, _, colour = word.partition(":")
        properties = {"colour": colour} if colour else None
        happenings.append(Happening(person, event[0], at(float(event[1:])), properties))
    return happenings
