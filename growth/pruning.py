"""What nobody needs any more, in bounded batches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from donations.models import DonationInteraction
from growth.schedule import JOBS
from telemetry.instants import months_before
from telemetry.log.ingest import kept_since
from telemetry.models import Event, Heartbeat, LimitCount, SegmentWatermark, Slot
from telemetry.operations.pending import kinds_of_work

BATCH = 5_000  # rows, so that nobody waits long for a lock
KEPT = timedelta(days=30)


def prune_everything(now: datetime) -> int:
    """Delete it all; how many rows went."""
    return sum(prune(rows) for rows in superfluous(now)) + prune_events(now)


def prune_events(now: datetime) -> int:
    """Delete the events that are older than EVENT_RETENTION_MONTHS, if it is set; how many went."""
    oldest = kept_since(now)
    gone = 0 if oldest is None else prune(Event.objects.filter(occurred_at__lt=oldest))
    if gone:
        # The hourly refresh adds what came and takes away what aged; it cannot see what was deleted.
        SegmentWatermark.objects.update(needs_full=True)
    return gone


def superfluous(now: datetime) -> Iterator[QuerySet]:  # type: ignore[type-arg]
    """What may go at `now`."""
    yield Slot.objects.filter(slot__lt=now - KEPT)
    yield Heartbeat.objects.exclude(job__in=[job.name for job in JOBS])
    for model in kinds_of_work():
        if not model.stays:
            yield model._default_manager.all().settled_before(now - KEPT)
    yield Session.objects.filter(expire_date__lt=now)
    if oldest := months_before(now, settings.SUPPORT_INTERACTION_MONTHS):
        yield DonationInteraction.objects.older_than(oldest)
    yield LimitCount.objects.filter(window_ends_at__lt=now)


def prune(rows: QuerySet) -> int:  # type: ignore[type-arg]
    """Delete the rows a batch at a time; how many went."""
    gone = 0
    while batch := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        # Without cascades: nothing points at what is pruned, and each batch is one statement.
        gone += rows.model._base_manager.filter(pk__in=batch)._raw_delete(rows.db)
    return gone
