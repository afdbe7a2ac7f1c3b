"""Questions about segments, and how refreshes are asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F

from telemetry.operations.pending import PendingWorkQuerySet
from telemetry.people.models import Person
from telemetry.reading import once
from telemetry.segments.declared import PROPERTIES

if TYPE_CHECKING:
    from telemetry.segments.models import Segment, SegmentRefresh, SegmentWatermark  # noqa: F401

FRESH = timedelta(hours=24)


class SegmentQuerySet(models.QuerySet["Segment", "Segment"]):
    """Segments, in sentences."""

    def with_properties(self, *names: str) -> SegmentQuerySet:
        """Add the named properties, as of the watermark; all of them without names. `KeyError` for others."""
        wanted = [PROPERTIES[name] for name in names or PROPERTIES]
        # What is a column already needs no second name.
        return self.annotate(
            **{each.name: each.expression for each in wanted if each.expression != F(each.name)}
        )

    def reported(self) -> SegmentQuerySet:
        """Of those whom reports count."""
        return self.filter(person__in=Person.objects.reported())

    def among(self, *, reported: bool) -> SegmentQuerySet:
        """Those that a report counts, or all of them."""
        return self.reported() if reported else self.all()

    def fresh(self, now: datetime) -> SegmentQuerySet:
        """Those whose numbers were found to differ within the 24 hours before `now`."""
        return self.filter(computed_at__gt=now - FRESH)


class SegmentWatermarkQuerySet(models.QuerySet["SegmentWatermark", "SegmentWatermark"]):
    """The one watermark."""

    def held(self) -> SegmentWatermark:
        """The watermark, locked until the surrounding transaction ends; made on first need."""
        self.bulk_create([self.model()], ignore_conflicts=True)
        return self.select_for_update().get()

    def as_of(self) -> datetime | None:
        """The moment for which the segments are true; None before any refresh."""
        return once("segment watermark", self.values_list("as_of", flat=True).first)


class SegmentRefreshQuerySet(PendingWorkQuerySet["SegmentRefresh"]):
    """People whose segment waits to be recomputed."""

    def queue(self, person: Person, now: datetime) -> None:  # type: ignore[override]
        """Recompute the person's segment soon: once, however often it is asked while that waits."""
        self.bulk_create([self.model(person=person, next_try_at=now)], ignore_conflicts=True)
        self.model.ring()

    def queue_when_stale(self, person: Person, now: datetime) -> None:
        """Recompute what was last found to differ more than a day before `now`, or never: at a login."""
        from telemetry.segments.models import Segment

        if not Segment.objects.fresh(now).filter(person=person).exists():
            self.queue(person, now)
