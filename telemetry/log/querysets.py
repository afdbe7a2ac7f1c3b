"""Questions about the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Count, Exists, OuterRef, Value

from telemetry.log.identity import digest

if TYPE_CHECKING:
    from telemetry.log.models import Event, EventType, Origin, Project  # noqa: F401 - the base classes name them
    from telemetry.people.models import Person


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many events there are, and how many of them a person's yes allowed."""

    events: int
    with_consent: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where there are no events."""
        return self.with_consent / self.events if self.events else None


class EventQuerySet(models.QuerySet["Event", "Event"]):
    """Events, in sentences."""

    def of(self, person: Person) -> EventQuerySet:
        """What one person did. Every type is named: the log's only index leads by type."""
        from telemetry.log.vocabulary import all_type_ids

        return self.filter(type__in=all_type_ids(), person=person)

    def by(self, people: models.QuerySet[Person] | None) -> EventQuerySet:
        """What these people did; None for everybody."""
        return self if people is None else self.filter(person_id__in=people.values("pk"))

    def consent_coverage(self, types: Iterable[int], start: datetime, end: datetime) -> Coverage:
        """How much of what happened of these types in `[start, end)` has person-level consent.

        One query of two halves, so that each is answered by an index of its own.
        """
        told = self.filter(type__in=set(types), occurred_at__gte=start, occurred_at__lt=end).order_by()
        by_type = told.values_list("type_id")
        everything = by_type.annotate(number=Count("pk"), has_consent=Value(0))
        consented = by_type.filter(consent__isnull=False).annotate(number=Count("pk"), has_consent=Value(1))
        numbers = [0, 0]
        for _type, number, has_consent in everything.union(consented, all=True):
            numbers[has_consent] += number
        return Coverage(*numbers)

    def known(self, origin: Origin, keys: Iterable[str]) -> set[bytes]:
        """The digests of those of a sender's keys under which an event is stored."""
        stored = self.filter(origin=origin, key__in=[digest(key) for key in keys])
        return {bytes(key) for key in stored.values_list("key", flat=True)}

    def erase(self, person: Person) -> int:
        """Delete what a person did, and the projects that only they worked on; how many events went."""
        from telemetry.log.models import Project

        events = self.of(person).order_by()
        projects = set(events.exclude(project=None).values_list("project_id", flat=True).distinct())
        count, _ = events.delete()
        Project.objects.filter(pk__in=projects).delete_orphans()
        return count


class ProjectQuerySet(models.QuerySet["Project", "Project"]):
    """Projects, in sentences."""

    def delete_orphans(self) -> int:
        """Delete those that no event names, in one statement; how many went."""
        from telemetry.log.models import Event

        orphans = self.filter(~Exists(Event.objects.filter(project=OuterRef("pk"))))
        # Django's own delete would read the log once more, to protect what this statement does not touch.
        return orphans._raw_delete(self.db)


class EventTypeQuerySet(models.QuerySet["EventType", "EventType"]):
    """The vocabulary's rows, in sentences."""

    def declare(self, name: str, meaning: str, *, counts_as_use: bool = False) -> bool:
        """Make the event type what is said here; False when it was so before.

        Raises `ValidationError` for a name or meaning that staff cannot give.
        """
        stated = {"meaning": meaning, "counts_as_use": counts_as_use}
        self.model(name=name, **stated).full_clean(validate_unique=False)
        if self.filter(name=name, **stated).exists():
            return False
        self.update_or_create(name=name, defaults=stated)
        return True
