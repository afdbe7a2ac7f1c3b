"""Plain counts over a range `[start, end)`, each with the people behind it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from telemetry.analysis._log import EVENTS, is_among, is_of
from telemetry.analysis._sql import Sql, compose
from telemetry.analysis.periods import Period, periods_over, zone_named
from telemetry.instants import to_micros


@dataclass(frozen=True, slots=True)
class DayCount:
    """What was counted on one day of the calendar; 0 where nothing was."""

    day: date
    count: int


def active_people(
    types: tuple[int, ...], start: datetime, end: datetime, among: QuerySet[Any] | None = None
) -> int:
    """How many people did any of this."""
    people = _matching(Sql("count(DISTINCT e.person_id)"), types, start, end, among)
    [[number]] = people.rows()
    return int(number)


def people_active(
    types: tuple[int, ...], start: datetime, end: datetime, among: QuerySet[Any] | None = None
) -> RawSQL:
    """The ids of those people, for `Person.objects.filter(pk__in=…)`."""
    return _matching(Sql("e.person_id"), types, start, end, among).raw()


def events_per_day(
    types: tuple[int, ...], start: datetime, end: datetime, time_zone: str, among: QuerySet[Any] | None = None
) -> tuple[DayCount, ...]:
    """How many events each day of the range had; raises `QuestionRefused` beyond 400 days."""
    return _per_day(Sql("count(*)"), types, start, end, time_zone, among)


def active_people_per_day(
    types: tuple[int, ...], start: datetime, end: datetime, time_zone: str, among: QuerySet[Any] | None = None
) -> tuple[DayCount, ...]:
    """How many people were active on each day of the range; raises `QuestionRefused` beyond 400 days."""
    return _per_day(Sql("count(DISTINCT e.person_id)"), types, start, end, time_zone, among)


def _per_day(
    figure: Sql,
    types: tuple[int, ...],
    start: datetime,
    end: datetime,
    time_zone: str,
    among: QuerySet[Any] | None,
) -> tuple[DayCount, ...]:
    days = periods_over(Period.DAY, start, end, zone_named(time_zone))
    what = compose("{day} AS day, {figure}", day=days.index_of(Sql("e.occurred_at")), figure=figure)
    found = dict(compose("{rows} GROUP BY day", rows=_matching(what, types, start, end, among)).rows())
    return tuple(DayCount(day, found.get(index, 0)) for index, day in enumerate(days.days))


def _matching(
    what: Sql, types: tuple[int, ...], start: datetime, end: datetime, among: QuerySet[Any] | None
) -> Sql:
    return compose(
        "SELECT {what} FROM {events} e"
        " WHERE {is_of} AND e.occurred_at >= {start} AND e.occurred_at < {end}{among}",
        what=what,
        events=EVENTS,
        is_of=is_of(Sql("e"), types),
        start=to_micros(start),
        end=to_micros(end),
        among=is_among(Sql("e"), among),
    )
