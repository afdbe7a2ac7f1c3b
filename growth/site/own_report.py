"""What somebody did, week by week: a report of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum

from telemetry.log.models import Event
from telemetry.log.vocabulary import activity_type_ids
from telemetry.people.models import Person

WEEKS = 8
A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from a Monday; `seconds` of them were tracked."""

    begins: date
    entries: int
    seconds: int

    @property
    def ends(self) -> date:
        """Its Sunday."""
        return self.begins + timedelta(days=6)

    @property
    def hours(self) -> float:
        """With one decimal, rounded half up."""
        return (self.seconds * 20 + 3600) // 7200 / 10


@dataclass(frozen=True, slots=True)
class OwnReport:
    """The last weeks, the current one last."""

    weeks: tuple[Week, ...]

    @property
    def entries(self) -> int:
        """In all of them."""
        return sum(week.entries for week in self.weeks)

    @property
    def hours(self) -> float:
        """In all of them."""
        return Week(self.weeks[0].begins, 0, sum(week.seconds for week in self.weeks)).hours

    @property
    def most(self) -> int:
        """The seconds of the fullest week, 1 at least: the length of the longest bar."""
        return max(1, *(week.seconds for week in self.weeks))


def report_of(person: Person | None, *, at: datetime, zone: ZoneInfo) -> OwnReport:
    """What a person did in the eight weeks that end with the one of `at`, in the calendar of `zone`.

    Two queries; none for nobody, of whom all weeks are empty.
    """
    today = at.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - A_WEEK * ago for ago in reversed(range(WEEKS))]
    counted = _counted(person, mondays, zone) if person else {}
    return OwnReport(
        tuple(
            Week(begins, counted.get(f"entries_{number}") or 0, counted.get(f"seconds_{number}") or 0)
            for number, begins in enumerate(mondays)
        )
    )


def _counted(person: Person, mondays: list[date], zone: ZoneInfo) -> dict[str, int]:
    """Entries and seconds of each week, by one statement over the index of steps."""
    edges = [datetime.combine(day, time.min, tzinfo=zone) for day in (*mondays, mondays[-1] + A_WEEK)]
    weeks = {
        number: Q(occurred_at__gte=begins, occurred_at__lt=ends)
        for number, (begins, ends) in enumerate(pairwise(edges))
    }
    did = Event.objects.filter(
        type__in=activity_type_ids(), person=person, occurred_at__gte=edges[0], occurred_at__lt=edges[-1]
    )
    return did.aggregate(
        **{f"entries_{number}": Count("pk", filter=week) for number, week in weeks.items()},
        **{f"seconds_{number}": Sum("duration_seconds", filter=week) for number, week in weeks.items()},
    )
