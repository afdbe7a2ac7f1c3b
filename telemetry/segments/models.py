"""Each person's segment row: what the log says about them at one moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from telemetry.instants import InstantField
from telemetry.operations.pending import PendingWork
from telemetry.people.models import Person
from telemetry.segments._horizon import Horizon
from telemetry.segments.querysets import (
    SegmentQuerySet,
    SegmentRefreshQuerySet,
    SegmentWatermarkQuerySet,
)

#: After a longer pause the windows' edges would have moved over each other.
LONGEST_SLIDE = timedelta(hours=24)


class Segment(models.Model):
    """One person's counts over their activity, from which every segment property is read."""

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE, related_name="segment")
    entries_last_24h = models.PositiveIntegerField(default=0)
    entries_last_7_days = models.PositiveIntegerField(default=0)
    entries_last_30_days = models.PositiveIntegerField(default=0)
    entries_all_time = models.PositiveIntegerField(default=0)
    active_projects_count = models.PositiveIntegerField(default=0)
    total_projects_count = models.PositiveIntegerField(default=0)
    timer_entries_count = models.PositiveIntegerField(default=0)
    manual_entries_count = models.PositiveIntegerField(default=0)
    seconds_tracked = models.PositiveBigIntegerField(default=0)
    tasks_assigned = models.PositiveIntegerField(default=0)
    tasks_completed = models.PositiveIntegerField(default=0)
    last_login_event_at = InstantField(null=True)
    computed_at = InstantField(help_text=_("The moment the row's numbers were last found to differ."))

    is_ahead = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_(
            "Whether the row was recomputed by itself, with events that came after the last refresh."
        ),
    )

    objects: ClassVar[SegmentQuerySet] = SegmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        indexes = [
            models.Index(fields=["entries_last_7_days", "entries_last_30_days"], name="segment_recent"),
            models.Index(fields=["person"], condition=models.Q(is_ahead=True), name="segment_ahead"),
        ]

    def __str__(self) -> str:
        return f"segment of {self.person_id}"


class SegmentWatermark(models.Model):
    """Up to where the segment rows are true; one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    as_of = InstantField(null=True)
    full_at = InstantField(null=True, help_text=_("When everybody was last recomputed."))
    needs_full = models.BooleanField(default=True)
    settled_event_id = models.BigIntegerField(
        default=0, help_text=_("Every event up to this id that will ever appear has been counted.")
    )
    seen_event_id = models.BigIntegerField(
        default=0, help_text=_("No event beyond this id has been counted.")
    )

    objects: ClassVar[SegmentWatermarkQuerySet] = SegmentWatermarkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("segment watermark")
        verbose_name_plural = _("segment watermarks")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_segment_watermark")]

    def __str__(self) -> str:
        return f"segments as of {self.as_of}"

    def carries_to(self, at: datetime) -> datetime | None:
        """The moment from which the rows can be brought to `at` by sliding their numbers.

        None when they cannot, and everybody has to be recomputed.
        """
        was: datetime | None = self.as_of
        if self.needs_full or was is None or not was <= at <= was + LONGEST_SLIDE:
            return None
        return was

    def move_to(self, at: datetime, horizon: Horizon, *, full: bool, needs_full: bool) -> None:
        """The rows are true at `at` now, of every event up to the horizon that had appeared."""
        self.as_of, self.needs_full = at, needs_full
        self.full_at = at if full else self.full_at
        self.seen_event_id = max(self.seen_event_id, horizon.event_id)
        if horizon.settled:
            self.settled_event_id = self.seen_event_id
        self.save()


class SegmentRefresh(PendingWork):
    """A person whose segment row is to be recomputed before the next round."""

    drained_by = "telemetry.tasks.refresh_queued_segments"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[SegmentRefreshQuerySet] = SegmentRefreshQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(PendingWork.Meta):
        verbose_name = _("queued segment refresh")
        verbose_name_plural = _("queued segment refreshes")
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(state="pending", lease_until=None),
                name="one_queued_refresh_per_person",
            )
        ]

    def __str__(self) -> str:
        return f"refresh of {self.person_id}"

    def record(self, outcome: object, now: datetime) -> None:
        """Recompute the person as of the last refresh, in one transaction with the settling."""
        from telemetry.segments.refresh import refresh_segments

        refresh_segments(now=now, people=[self.person_id])
