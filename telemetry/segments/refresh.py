"""The refresh: everybody in one pass over the log, or exactly those whose numbers can have moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from telemetry.instants import to_micros
from telemetry.log.vocabulary import activity_type_ids, lookup_many
from telemetry.segments import _statements as sql
from telemetry.segments._horizon import look_at_the_log
from telemetry.segments._slide import COUNT_SLICE, DROP_SLICE, MAKE_SLICE, SLICE, cut, slide
from telemetry.segments.models import SegmentWatermark
from telemetry.signals import segments_refreshed

WINDOWS = {"day": timedelta(hours=24), "week": timedelta(days=7), "month": timedelta(days=30)}
#: What sorting may take in memory on PostgreSQL.
WORK_MEM = "64MB"

LAST_ID = 2**63 - 1

Moments: TypeAlias = dict[str, int]


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh did: how many people it recomputed, and how many rows it wrote or deleted.

    `as_of` is the moment for which the rows are true now; None when there was nothing to be true of.
    """

    people: int
    changed: int
    as_of: datetime | None
    full: bool


def refresh_segments(
    *,
    now: datetime,
    full: bool = False,
    as_of: datetime | None = None,
    people: Iterable[int] | None = None,
) -> RefreshReport:
    """Bring the segments to `now`, in one transaction.

    Moves on the numbers that can have moved; recomputes everybody if `full`, after a day without a
    refresh, or if the rows cannot be trusted.
    `as_of` recomputes everybody as of an earlier moment, and makes the next refresh a full one;
    `ValueError` for one after `now`. `people` (keys) recomputes these as of the last refresh.
    """
    if as_of is not None and as_of > now:
        raise ValueError("Segments cannot be computed as of a moment that is still to come.")
    with transaction.atomic(), connection.cursor() as cursor:
        watermark = SegmentWatermark.objects.held()
        counted = _counted()
        if people is not None:
            report = _refresh_some(cursor, counted, watermark, people)
        else:
            report = _refresh_all(
                cursor, counted, watermark, as_of or now, full=full, rewound=as_of is not None
            )
        segments_refreshed.send(sender=SegmentWatermark, report=report)
        return report


def _counted() -> sql.Counted:
    words = lookup_many(("task.assigned", "task.completed", "auth.login"))

    def keys(name: str) -> tuple[int, ...]:
        # A product may do without some of them; then there is nothing to count.
        return (words[name].id,) if name in words else ()

    return sql.Counted(activity_type_ids(), keys("task.assigned"), keys("task.completed"), keys("auth.login"))


def _refresh_all(
    cursor: CursorWrapper,
    counted: sql.Counted,
    watermark: SegmentWatermark,
    at: datetime,
    *,
    full: bool,
    rewound: bool,
) -> RefreshReport:
    horizon = look_at_the_log(cursor)
    was = None if full or rewound else watermark.carries_to(at)
    moments = _moments(at, max(horizon.event_id, watermark.seen_event_id))
    if was is None:
        people, changed = _recompute(cursor, counted, moments, scoped=False)
    else:
        before = _moments(was, watermark.seen_event_id, "was_") | {"settled": watermark.settled_event_id}
        people, changed = _carry(cursor, counted, moments | before)
    cursor.execute(sql.CATCH_UP)
    watermark.move_to(at, horizon, full=was is None, needs_full=rewound)
    return RefreshReport(people, changed, at, was is None)


def _refresh_some(
    cursor: CursorWrapper, counted: sql.Counted, watermark: SegmentWatermark, people: Iterable[int]
) -> RefreshReport:
    if watermark.as_of is None:
        return RefreshReport(0, 0, None, full=False)
    cursor.execute(sql.MAKE_SCOPE)
    cursor.executemany(
        f"INSERT INTO {sql.SCOPE} (person_id) VALUES (%s)", [(each,) for each in sorted(set(people))]
    )
    recomputed, changed = _recompute(cursor, counted, _moments(watermark.as_of, LAST_ID), scoped=True)
    cursor.execute(sql.RUN_AHEAD)
    cursor.execute(sql.DROP_SCOPE)
    return RefreshReport(recomputed, changed, watermark.as_of, full=False)


def _carry(cursor: CursorWrapper, counted: sql.Counted, moments: Moments) -> tuple[int, int]:
    """Recompute whoever's row cannot be trusted, and slide all others whose numbers moved."""
    cursor.execute(sql.MAKE_SCOPE)
    cursor.execute(sql.uncertain(), moments)
    cursor.execute(MAKE_SLICE)
    cursor.execute(cut(counted), moments)
    cursor.execute(f"ANALYZE {sql.SCOPE}")
    cursor.execute(f"ANALYZE {SLICE}")
    recomputed, changed = _recompute(cursor, counted, moments, scoped=True)
    cursor.execute(slide(counted), moments)
    slid = cursor.rowcount
    cursor.execute(COUNT_SLICE)
    (people,) = cursor.fetchone()
    cursor.execute(DROP_SLICE)
    cursor.execute(sql.DROP_SCOPE)
    return recomputed + people, changed + slid


def _recompute(
    cursor: CursorWrapper, counted: sql.Counted, moments: Moments, *, scoped: bool
) -> tuple[int, int]:
    """How many people were recomputed, and how many rows changed."""
    if connection.vendor == "postgresql":
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
    cursor.execute(sql.recompute(counted, scoped=scoped), moments)
    written = cursor.rowcount
    cursor.execute(sql.remove(scoped=scoped), moments)
    removed = cursor.rowcount
    cursor.execute(f"SELECT count(*) FROM {sql.SCOPE if scoped else 'telemetry_segment'}")
    (people,) = cursor.fetchone()
    return people + (0 if scoped else removed), written + removed


def _moments(at: datetime, seen: int, prefix: str = "") -> Moments:
    """The moment, where each window that ends there begins, and the last event counted."""
    begins = {name: to_micros(at - width) for name, width in WINDOWS.items()}
    moments = {"as_of": to_micros(at), **begins, "seen": seen}
    return {f"{prefix}{name}": value for name, value in moments.items()}
