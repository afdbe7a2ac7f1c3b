"""What people said last: one statement, whatever their number."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from telemetry.consent.models import Scope, Source

POSTGRESQL = """
    SELECT person_id, id, granted, text_version, source, at FROM telemetry_consentrecord
    WHERE scope = %s AND person_id IN (SELECT value::bigint FROM jsonb_array_elements_text(%s::jsonb))
    ORDER BY at, id"""

SQLITE = """
    SELECT person_id, id, granted, text_version, source, at FROM telemetry_consentrecord
    WHERE scope = %s AND person_id IN (SELECT value FROM json_each(%s))
    ORDER BY at, id"""

# A withdrawal takes the row FOR UPDATE: it waits for whoever acts on a yes, and whoever comes after sees it.
# SQLite's transactions begin IMMEDIATE, one writer after the other.
HOLD = """
    SELECT id FROM telemetry_person
    WHERE id IN (SELECT value::bigint FROM jsonb_array_elements_text(%s::jsonb))
    ORDER BY id FOR KEY SHARE"""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as the log needs it; `at` in microseconds."""

    id: int
    granted: bool
    text_version: str
    at: int


@dataclass(frozen=True, slots=True)
class History:
    """What decides about one person: their latest answer, and the latest record of the policy."""

    answer: Said | None = None
    policy: Said | None = None


def said_by(people: Iterable[int]) -> dict[int, History]:
    """What decides about each of these people; those without any record are left out."""
    statement = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    answers: dict[int, Said] = {}
    policies: dict[int, Said] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [Scope.DETAILED, json.dumps(list(people))])
        for person, pk, granted, text_version, source, at in cursor.fetchall():
            kind = policies if source == Source.POLICY else answers
            kind[person] = Said(pk, bool(granted), text_version, at)
    known = answers.keys() | policies.keys()
    return {person: History(answers.get(person), policies.get(person)) for person in known}


def hold(people: Iterable[int]) -> None:
    """Let nobody of these people withdraw until the transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(HOLD, [json.dumps(list(people))])
