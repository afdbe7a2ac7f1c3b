"""The generated log on its way into the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from bench.generate import ACTIVITY, NAMES, PROJECTS, Log, Rows
from telemetry.models import Event, EventType, Person, Project

SOURCES = ("timer", "manual")
COLUMNS = (
    "id, type_id, person_id, occurred_at, origin, key, project_id, source, duration_seconds, properties,"
    " clock_ahead"
)


@dataclass(frozen=True)
class Keys:
    """The rows of the dictionaries, by their number in the generated log."""

    types: npt.NDArray[np.int64]
    people: npt.NDArray[np.int64]
    projects: npt.NDArray[np.int64]


class NotOurs(SystemExit):
    """The database holds other events; measuring there would mix them up, or delete them."""


def load(log: Log) -> None:
    """Fill an empty log; a database that was filled so before is taken as it is."""
    stored = Event.objects.count()
    if stored == len(log.at) and Person.objects.count() == log.users:
        return
    if stored:
        raise NotOurs(f"This database holds {stored:,} other events. Give the bench one of its own.")
    keys = _dictionaries(log.users)
    with _bare_table(), connection.cursor() as cursor:
        for rows in log.chunks():
            if connection.vendor == "postgresql":
                _copy(cursor, rows, keys)
            else:
                _insert(cursor, rows, keys)
    _sign_up()
    _settle()


def types() -> tuple[int, ...]:
    """The keys of the event types, in the order of the generated kinds."""
    by_name = dict(EventType.objects.filter(name__in=NAMES).values_list("name", "pk"))
    return tuple(by_name[name] for name in NAMES)


def _dictionaries(users: int) -> Keys:
    for kind, name in enumerate(NAMES):
        EventType.objects.get_or_create(
            name=name, defaults={"meaning": "A row of the bench.", "counts_as_use": kind == ACTIVITY}
        )
    people = Person.objects.bulk_create(
        (Person(public_id=UUID(int=(1 << 127) + number)) for number in range(users)), batch_size=10_000
    )
    projects = Project.objects.bulk_create(Project(name=f"Project {number}") for number in range(PROJECTS))
    return Keys(
        np.array(types()),
        np.array([person.pk for person in people]),
        np.array([project.pk for project in projects]),
    )


@contextmanager
def _bare_table() -> Iterator[None]:
    """On PostgreSQL: without indexes and constraints while the rows come in."""
    if connection.vendor != "postgresql":
        with transaction.atomic():
            yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'telemetry_event'::regclass AND contype IN ('p', 'u', 'f')"
            " ORDER BY contype DESC"
        )
        constraints = cursor.fetchall()
        for name, _ in constraints:
            cursor.execute(f'ALTER TABLE telemetry_event DROP CONSTRAINT "{name}"')
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'telemetry_event'")
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        for name, definition in constraints:
            cursor.execute(f'ALTER TABLE telemetry_event ADD CONSTRAINT "{name}" {definition}')


def _settle() -> None:
    """Statistics and visibility, as autovacuum would leave them; the next id is a new one."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("ANALYZE")
            return
        for table in ("telemetry_event", "telemetry_person", "telemetry_project"):
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('telemetry_event', 'id'), max(id)) FROM telemetry_event"
        )


def _copy(cursor: Any, rows: Rows, keys: Keys) -> None:
    """COPY in its binary form: rows of one layout are one array of bytes."""
    ids = np.arange(rows.first_id, rows.first_id + len(rows.at))
    key = rows.key()
    with cursor.copy(f"COPY telemetry_event ({COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
        for source, name in enumerate(SOURCES):
            chosen = (rows.kind == ACTIVITY) & (rows.source == source)
            copy.write(_packed(rows, keys, ids, key, chosen, name))
        copy.write(_packed(rows, keys, ids, key, rows.kind != ACTIVITY, None))
        copy.write(b"\xff\xff")


def _packed(
    rows: Rows, keys: Keys, ids: Any, key: Any, chosen: npt.NDArray[np.bool_], source: str | None
) -> bytes:
    """The chosen rows in PostgreSQL's binary form; without a source they have no project and no duration."""
    n = int(chosen.sum())
    fields: list[Any] = [
        ids[chosen].astype(">i8"),
        keys.types[rows.kind[chosen]].astype(">i2"),
        keys.people[rows.person[chosen]].astype(">i8"),
        rows.at[chosen].astype(">i8"),
        np.full(n, 1, ">i2"),
        key[chosen].view("V16").reshape(-1),
        None if source is None else keys.projects[rows.project[chosen]].astype(">i8"),
        np.full(n, (source or "").encode()) if source else b"",
        None if source is None else rows.duration[chosen].astype(">i4"),
        None,
        np.zeros(n, "?"),
    ]
    return _lined_up(n, fields)


def _lined_up(n: int, fields: list[Any]) -> bytes:
    """Rows of a count of fields and, for each, its length and its bytes; None is null, b"" is empty."""
    layout: list[tuple[str, Any]] = [("count", ">i2")]
    for number, values in enumerate(fields):
        layout.append((f"length_{number}", ">i4"))
        if isinstance(values, np.ndarray):
            layout.append((f"bytes_{number}", values.dtype))
    rows = np.zeros(n, dtype=layout)
    rows["count"] = len(fields)
    for number, values in enumerate(fields):
        if isinstance(values, np.ndarray):
            rows[f"length_{number}"] = values.dtype.itemsize
            rows[f"bytes_{number}"] = values
        else:
            rows[f"length_{number}"] = -1 if values is None else 0
    return rows.tobytes()


def _insert(cursor: Any, rows: Rows, keys: Keys) -> None:
    key = rows.key()
    marks = ", ".join(["%s"] * 11)
    cursor.executemany(
        f"INSERT INTO telemetry_event ({COLUMNS}) VALUES ({marks})",
        (
            (
                rows.first_id + n,
                int(keys.types[kind]),
                int(keys.people[rows.person[n]]),
                int(rows.at[n]),
                1,
                key[n].tobytes(),
                int(keys.projects[rows.project[n]]) if kind == ACTIVITY else None,
                SOURCES[rows.source[n]] if kind == ACTIVITY else "",
                int(rows.duration[n]) if kind == ACTIVITY else None,
                None,
                False,
            )
            for n, kind in enumerate(rows.kind)
        ),
    )


def _sign_up() -> None:
    """Everybody signed up at their first event, as import does it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_person SET signed_up_at = f.first_at FROM"
            " (SELECT person_id, min(occurred_at) AS first_at FROM telemetry_event GROUP BY person_id) f"
            " WHERE f.person_id = telemetry_person.id AND signed_up_at IS NULL"
        )
