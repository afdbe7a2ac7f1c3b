"""The event log as the statements of this room see it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from telemetry.analysis._sql import NOTHING, Sql, bound, compose, join, on_postgresql, subquery
from telemetry.analysis._values import Json, canonical, value_of

EVENTS = Sql("telemetry_event")


def not_by_time(event: str) -> Sql:
    """The time of the aliased event; SQLite is kept from finding rows by it: the index of steps has all."""
    return Sql(f"{event}.occurred_at" if on_postgresql() else f"+{event}.occurred_at")


def is_of(event: Sql, types: Iterable[int]) -> Sql:
    """Whether the aliased event has one of the types; inlined, so that indexes on types are found."""
    ids = sorted(set(types))
    if len(ids) == 1:
        return compose("{event}.type_id = {only}", event=event, only=ids[0])
    listed = join(", ", [Sql(str(int(type_id))) for type_id in ids] or [Sql("NULL")])
    return compose("{event}.type_id IN ({listed})", event=event, listed=listed)


def has_values(event: Sql, where: Mapping[str, tuple[Json, ...]]) -> Sql:
    """` AND …` for each named value of the aliased event; nothing for no names."""
    return join("", [_has_value(event, name, values) for name, values in where.items()])


def _has_value(event: Sql, name: str, values: tuple[Json, ...]) -> Sql:
    wanted = join(", ", [bound(canonical(value)) for value in values] or [Sql("NULL")])
    return compose(" AND {value} IN ({wanted})", value=value_of(event, name), wanted=wanted)


def is_among(event: Sql, among: QuerySet[Any] | None) -> Sql:
    """` AND …` that restricts the aliased event to these people; nothing for everybody."""
    if among is None:
        return NOTHING
    return compose(" AND {event}.person_id IN ({people})", event=event, people=subquery(among))
