"""Everybody's segments: one user at a time, in one pass, and hour by hour."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

from django.db import connection
from django.db.models import Count, Max, Q, Sum

from bench.generate import DAYS, START, Log
from bench.measure import Result, median_seconds
from telemetry.log.models import Event
from telemetry.log.vocabulary import activity_type_ids, type_ids
from telemetry.people.models import Person
from telemetry.segments.models import Segment
from telemetry.segments.refresh import refresh_segments

SAMPLE = 500
NUMBERS = (
    "entries_last_24h",
    "entries_last_7_days",
    "entries_last_30_days",
    "entries_all_time",
    "active_projects_count",
    "total_projects_count",
    "timer_entries_count",
    "manual_entries_count",
    "seconds_tracked",
    "tasks_assigned",
    "tasks_completed",
    "last_login_event_at",
)
FULL, HOURLY = "segments, full", "segments, hourly"
NOW = START + timedelta(days=DAYS - 2)
HOUR = timedelta(hours=1)

Numbers = tuple[object, ...]


def measure(log: Log) -> list[Result]:
    """One at a time and ours; asserts that all ways give the same numbers."""
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # what loading took in memory is none of ours
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    full_seconds, report = median_seconds(lambda: refresh_segments(now=NOW, full=True))
    by_one, sampled = _one_at_a_time(NOW)
    assert sampled == _stored(sampled)
    hourly_seconds, moved = _hour_by_hour()
    slid = _stored()
    refresh_segments(now=NOW + 4 * HOUR, full=True)
    assert slid == _stored()
    baseline = by_one * report.people / len(sampled)
    return [
        Result(FULL, "one user at a time, 9 ORM queries", baseline, f"{len(sampled)} of {log.users} users"),
        Result(FULL, "ours, one pass", full_seconds, f"{baseline / full_seconds:,.0f}x, {_memory()}"),
        Result(HOURLY, "one user at a time, 9 ORM queries", baseline, "all of them again"),
        Result(
            HOURLY,
            "ours, sliding",
            hourly_seconds,
            f"{baseline / hourly_seconds:,.0f}x, {moved} people moved, the same rows",
        ),
    ]


def _one_at_a_time(now: datetime) -> tuple[float, dict[int, Numbers]]:
    """Seconds and numbers of a sample of the users."""
    everybody = list(Person.objects.filter(signed_up_at__lte=now).order_by("pk").values_list("pk", flat=True))
    chosen = everybody[:: max(1, len(everybody) // SAMPLE)][:SAMPLE]
    _numbers(chosen[0], now)
    began = perf_counter()
    numbers = {person: _numbers(person, now) for person in chosen}
    return perf_counter() - began, numbers


def _numbers(person: int, now: datetime) -> Numbers:
    """The original's way: a query for every few numbers."""
    assigned, completed, login = type_ids("task.assigned", "task.completed", "auth.login")
    theirs = Event.objects.filter(person=person, occurred_at__lte=now)
    entries = theirs.filter(type__in=activity_type_ids())
    month = entries.filter(occurred_at__gt=now - timedelta(days=30))
    return (
        entries.filter(occurred_at__gt=now - timedelta(hours=24)).count(),
        entries.filter(occurred_at__gt=now - timedelta(days=7)).count(),
        month.count(),
        entries.count(),
        month.exclude(project=None).aggregate(n=Count("project", distinct=True))["n"],
        entries.exclude(project=None).aggregate(n=Count("project", distinct=True))["n"],
        *entries.aggregate(
            timer=Count("pk", filter=Q(source="timer")),
            manual=Count("pk", filter=Q(source="manual")),
            seconds=Sum("duration_seconds", default=0),
        ).values(),
        *theirs.filter(type__in=(assigned, completed))
        .aggregate(
            assigned=Count("pk", filter=Q(type=assigned)), completed=Count("pk", filter=Q(type=completed))
        )
        .values(),
        theirs.filter(type=login).aggregate(at=Max("occurred_at"))["at"],
    )


def _hour_by_hour() -> tuple[float, int]:
    """The median of three hours after one to warm up, and how many people moved in the last."""
    hours = iter(range(1, 5))
    seconds, report = median_seconds(lambda: refresh_segments(now=NOW + HOUR * next(hours)))
    assert not report.full
    return seconds, report.people


def _stored(people: Collection[int] = ()) -> dict[int, Numbers]:
    """The stored numbers of these people; of everybody when none are named."""
    rows = Segment.objects.filter(pk__in=people) if people else Segment.objects.all()
    return {person: tuple(numbers) for person, *numbers in rows.values_list("pk", *NUMBERS)}


def _memory() -> str:
    """The most that the database's process took, shared buffers included, where it can be seen."""
    if connection.vendor != "postgresql":
        return "in this process"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [process] = cursor.fetchone()
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return "memory unseen"
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return f"{kilobytes // 1024} MB at most"
