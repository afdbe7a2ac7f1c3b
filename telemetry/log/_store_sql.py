"""The statements that store a batch: a JSON parameter each, whatever the batch's size.

The order matters. Ids are drawn in the order in which the batch was sent; rows are inserted in the order
of the unique key, so that two batches that overlap wait for each other instead of deadlocking.
`OFFSET 0` keeps PostgreSQL from reading all aliases to find the one of a single event.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from django.db import connection

#: A row as the statements read it: type, person, instant, key in hex, project, source, seconds,
#: properties, clock ahead, consent.
EventRow = tuple[int, int, int, str, int | None, str, int | None, dict[str, Any] | None, bool, int | None]

COLUMNS = """type_id, person_id, occurred_at, origin, key, project_id, source, duration_seconds, properties,
    clock_ahead, consent_id"""
#: Which event of the batch a row is matters only where it may leave. `IS NOT NULL` would be taken for true:
#: SQLite 3.40 does so in RETURNING when a partial index has the same condition.
STORED = "id, person_id, occurred_at, CASE WHEN consent_id > 0 THEN key END"


@dataclass(frozen=True, slots=True)
class Statements:
    """One database's way of saying it."""

    events: str
    people: str
    projects: str
    sign_ups: str


POSTGRESQL = Statements(
    events=f"""
        INSERT INTO telemetry_event (id, {COLUMNS})
        SELECT id, type_id, person_id, occurred_at, %s, decode(key, 'hex'), project_id, source,
               duration_seconds, properties, clock_ahead, consent_id
        FROM (SELECT nextval('telemetry_event_id_seq') AS id, sent.* FROM (
            SELECT (item ->> 0)::smallint AS type_id, (item ->> 1)::bigint AS person_id,
                   (item ->> 2)::bigint AS occurred_at, item ->> 3 AS key, (item ->> 4)::bigint AS project_id,
                   item ->> 5 AS source, (item ->> 6)::integer AS duration_seconds,
                   NULLIF(item -> 7, 'null') AS properties, (item ->> 8)::boolean AS clock_ahead,
                   (item ->> 9)::bigint AS consent_id
            FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS batch (item, position)
            ORDER BY position
        ) AS sent) AS numbered
        ORDER BY key, id
        ON CONFLICT (origin, key) DO NOTHING
        RETURNING {STORED}""",
    people="""
        SELECT wanted.kind, wanted.value, person.id,
               CASE WHEN person.sign_up_stated THEN NULL ELSE coalesce(person.signed_up_at, %s) END,
               tombstone.erased_at
        FROM jsonb_to_recordset(%s::jsonb) AS wanted (kind text, value text, digest text)
        LEFT JOIN LATERAL (
            SELECT person_id FROM telemetry_personalias
            WHERE kind = wanted.kind AND value = wanted.value OFFSET 0
        ) AS alias ON true
        LEFT JOIN telemetry_person person ON person.id = alias.person_id
        LEFT JOIN LATERAL (
            SELECT erased_at FROM telemetry_tombstone
            WHERE digest = decode(wanted.digest, 'hex') OFFSET 0
        ) AS tombstone ON true""",
    projects="""
        SELECT name, id FROM telemetry_project
        WHERE name IN (SELECT jsonb_array_elements_text(%s::jsonb))""",
    sign_ups="""
        UPDATE telemetry_person SET signed_up_at = moved.at
        FROM (SELECT person.id, earliest.at
              FROM jsonb_to_recordset(%s::jsonb) AS earliest (id bigint, at bigint)
              JOIN telemetry_person person ON person.id = earliest.id
              WHERE NOT person.sign_up_stated
                AND (person.signed_up_at IS NULL OR person.signed_up_at > earliest.at)
              ORDER BY person.id FOR NO KEY UPDATE OF person) AS moved
        WHERE telemetry_person.id = moved.id""",
)

SQLITE = Statements(
    events=f"""
        INSERT INTO telemetry_event ({COLUMNS})
        SELECT value ->> 0, value ->> 1, value ->> 2, %s, unhex(value ->> 3), value ->> 4, value ->> 5,
               value ->> 6, NULLIF(value -> 7, 'null'), value ->> 8, value ->> 9
        FROM json_each(%s) AS batch WHERE true ORDER BY batch.key
        ON CONFLICT (origin, key) DO NOTHING
        RETURNING {STORED}""",
    people="""
        SELECT wanted.value ->> 'kind', wanted.value ->> 'value', person.id,
               CASE WHEN person.sign_up_stated THEN NULL ELSE coalesce(person.signed_up_at, %s) END,
               tombstone.erased_at
        FROM json_each(%s) AS wanted
        LEFT JOIN telemetry_personalias alias
            ON alias.kind = wanted.value ->> 'kind' AND alias.value = wanted.value ->> 'value'
        LEFT JOIN telemetry_person person ON person.id = alias.person_id
        LEFT JOIN telemetry_tombstone tombstone ON tombstone.digest = unhex(wanted.value ->> 'digest')""",
    projects="SELECT name, id FROM telemetry_project WHERE name IN (SELECT value FROM json_each(%s))",
    sign_ups="""
        UPDATE telemetry_person SET signed_up_at = earliest.value ->> 'at'
        FROM json_each(%s) AS earliest
        WHERE telemetry_person.id = earliest.value ->> 'id' AND NOT sign_up_stated
          AND (signed_up_at IS NULL OR signed_up_at > earliest.value ->> 'at')""",
)


@cache
def statements() -> Statements:
    """Those of the database in use."""
    return POSTGRESQL if connection.vendor == "postgresql" else SQLITE


def answers(statement: str, *parameters: int | list[Any]) -> list[tuple[Any, ...]]:
    """The rows that a statement answers; lists among the parameters go as JSON."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # Its own arrived with SQLite 3.41.
            connection.connection.create_function("unhex", 1, bytes.fromhex, deterministic=True)
        cursor.execute(statement, [as_parameter(one) for one in parameters])
        return cursor.fetchall() if cursor.description else []


def as_parameter(value: int | list[Any]) -> int | str:
    """A list as JSON text; anything else as it is."""
    return msgspec.json.encode(value).decode() if isinstance(value, list) else value
