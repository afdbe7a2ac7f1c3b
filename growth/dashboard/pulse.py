"""How counts run over a period: one statement a line, whatever the number of points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When

from growth.dashboard.period import Period, midnight
from telemetry.log.models import Event
from telemetry.people.models import Person


@dataclass(frozen=True, slots=True)
class Pulse:
    """Events and the people behind them, for each stretch of a period."""

    events: tuple[int, ...]
    people: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """Events and the people behind them."""

    events: int
    people: int


def stretch_of(field: str, first_days: Sequence[date], zone: ZoneInfo) -> Case:
    """The number of the stretch that an instant falls into; the bounds are computed in the zone."""
    ends = [midnight(day, zone) for day in first_days[1:]]
    whens = [When(**{f"{field}__lt": end}, then=Value(i)) for i, end in enumerate(ends)]
    return Case(*whens, default=Value(len(ends)), output_field=IntegerField())


def events_during(
    types: tuple[int, ...], start: datetime, end: datetime, among: QuerySet[Person] | None
) -> QuerySet[Event]:
    """Events of these types in `[start, end)`, of these people."""
    events = Event.objects.filter(type_id__in=types, occurred_at__gte=start, occurred_at__lt=end)
    return events if among is None else events.filter(person_id__in=among.values("pk"))


def use_in(types: tuple[int, ...], period: Period | None, among: QuerySet[Person] | None) -> Use | None:
    """Events and distinct people of a period as a whole; None without one. One query."""
    if period is None:
        return None
    during = events_during(types, period.start, period.end, among)
    return Use(**during.aggregate(events=Count("pk"), people=Count("person_id", distinct=True)))


def pulse(types: tuple[int, ...], period: Period, among: QuerySet[Person] | None) -> Pulse:
    """Events and distinct people a stretch of the period."""
    first_days = period.buckets()
    rows = (
        events_during(types, period.start, period.end, among)
        .annotate(stretch=stretch_of("occurred_at", first_days, period.clock.zone))
        .values_list("stretch")
        .annotate(events=Count("pk"), people=Count("person_id", distinct=True))
    )
    found = {stretch: (events, people) for stretch, events, people in rows}
    pairs = [found.get(i, (0, 0)) for i in range(len(first_days))]
    return Pulse(tuple(events for events, _ in pairs), tuple(people for _, people in pairs))


def sign_ups(period: Period, among: QuerySet[Person] | None) -> tuple[int, ...]:
    """New people a stretch of the period."""
    first_days = period.buckets()
    everybody = Person.objects.all() if among is None else among
    rows = (
        everybody.filter(signed_up_at__gte=period.start, signed_up_at__lt=period.end)
        .annotate(stretch=stretch_of("signed_up_at", first_days, period.clock.zone))
        .values_list("stretch")
        .annotate(people=Count("pk"))
    )
    found = dict(rows)
    return tuple(found.get(i, 0) for i in range(len(first_days)))
