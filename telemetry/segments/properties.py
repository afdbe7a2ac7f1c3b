"""What the segments say: of one person, and of how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from telemetry.people.models import Person
from telemetry.people.querysets import PersonQuerySet
from telemetry.segments.declared import PROPERTIES, Kind, Property
from telemetry.segments.models import Segment, SegmentWatermark

__all__ = ["PROPERTIES", "Kind", "Property", "SegmentCounts", "people_who", "properties_of", "segment_counts"]

#: What people are counted by.
COUNTED_BY = ("engagement_level", "activity_trend", "preferred_tracking_method", "account_age_category")


@dataclass(frozen=True, slots=True)
class Group:
    """How many people have one value of a property."""

    measure: Property
    value: str
    size: int
    reported: bool

    @property
    def label(self) -> str:
        """The value as people read it."""
        return str(self.measure.words(self.value).label) if self.measure.words else self.value

    def people(self) -> PersonQuerySet:
        """Whoever the size counts."""
        return people_who(reported=self.reported, **{self.measure.name: self.value})


@dataclass(frozen=True, slots=True)
class SegmentCounts:
    """People by property, all values in their order, those of nobody too; `as_of` None before any refresh."""

    as_of: datetime | None
    groups: Mapping[str, tuple[Group, ...]]


def people_who(*, reported: bool = False, **values: Any) -> PersonQuerySet:
    """Whoever has these values of segment properties; of those whom reports count if `reported`."""
    having = Segment.objects.with_properties(*values).filter(**values)
    among = Person.objects.reported() if reported else Person.objects.all()
    return among.filter(pk__in=having.values("pk"))


def properties_of(person: Person) -> dict[str, Any]:
    """Everything the segment says of one person, by the properties' names, as of the last refresh.

    Somebody whom no refresh has met yet has None throughout: not known yet.
    """
    read = Segment.objects.filter(person=person).with_properties().values(*PROPERTIES).first()
    return dict(read) if read else dict.fromkeys(PROPERTIES)


def segment_counts(*, reported: bool = False) -> SegmentCounts:
    """People by engagement level, activity trend, tracking method and account age; two queries."""
    segments = Segment.objects.among(reported=reported)
    rows = segments.with_properties(*COUNTED_BY).values_list(*COUNTED_BY).annotate(size=Count("pk"))
    sizes: Counter[tuple[str, str]] = Counter()
    for *values, size in rows.order_by():
        for name, value in zip(COUNTED_BY, values, strict=True):
            sizes[name, value] += size
    return SegmentCounts(
        SegmentWatermark.objects.as_of(),
        {name: _groups(PROPERTIES[name], sizes, reported) for name in COUNTED_BY},
    )


def _groups(each: Property, sizes: Mapping[tuple[str, str], int], reported: bool) -> tuple[Group, ...]:
    values = each.words.values if each.words else []
    return tuple(Group(each, value, sizes[each.name, value], reported) for value in values)
