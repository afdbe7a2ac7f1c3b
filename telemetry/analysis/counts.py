"""Plain counts over a range `[start, end)`, each with the people behind it."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from telemetry.analysis._log import EVENTS, is_among, is_of
from telemetry.analysis._sql import Sql, compose
from telemetry.instants import to_micros


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
