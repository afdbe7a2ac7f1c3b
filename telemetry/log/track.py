"""The product's own way into the log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from telemetry.consent.standing import standing
from telemetry.instants import to_micros
from telemetry.log.context import RequestContext, current
from telemetry.log.events import COLUMNS, TrackedEvent
from telemetry.log.identity import digest, random_digest
from telemetry.log.models import Origin, Project
from telemetry.log.outlets import Leaving, attributes_of, pass_on
from telemetry.log.vocabulary import type_ids
from telemetry.people.models import Person

INSERT = """
    INSERT INTO telemetry_event (type_id, person_id, occurred_at, origin, key, project_id, source,
                                 duration_seconds, properties, clock_ahead, consent_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (origin, key) DO NOTHING
    RETURNING id
"""


def track(
    person: Person,
    event: TrackedEvent,
    *,
    at: datetime,
    key: str | None = None,
    context: RequestContext | None = None,
) -> bool:
    """Write one event into the log, in the caller's transaction, and pass it on if the person said yes.

    A record of the service is always stored, any other event only with a valid yes: False without one, and
    False when its key is there already. `at`: when it happened, aware. `key`: what makes it the same event
    when it is told again; without one it is told once. The first write wins. `context`: the request in which
    it happened, the current one unless stated; it is kept only with a yes. At most one row is inserted here,
    besides the outlet's. Raises `UnknownEvent` before the vocabulary is migrated.
    """
    with transaction.atomic(savepoint=False):
        consent = _consent(person, at)
        if consent is None and not event.service_record:
            return False
        around = {} if consent is None else (context or current()).attributes()
        identity = random_digest() if key is None else digest(key)
        stored = _insert(_columns(person, event, at, identity, around, consent))
        if stored is None:
            return False
        person.was_active(at)
        if consent is not None:
            attributes = around | attributes_of(type(event), event.payload())
            pass_on([Leaving(stored, event.name, person.pk, at, attributes, consent)])
    return True


def _consent(person: Person, at: datetime) -> int | None:
    """The record of the yes that allows it."""
    yes = standing({person.pk: at}).get(person.pk)
    return yes.id if yes is not None and yes.allows(at) else None


def _insert(columns: list[Any]) -> int | None:
    """The new row's id; None when its identity is there already."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, columns)
        row = cursor.fetchone()
    return row[0] if row else None


def _columns(
    person: Person,
    event: TrackedEvent,
    at: datetime,
    identity: bytes,
    around: Mapping[str, str],
    consent: int | None,
) -> list[Any]:
    payload = {**around, **event.payload()}
    project, source, seconds = (payload.pop(column, None) for column in COLUMNS)
    (type_id,) = type_ids(event.name)
    return [
        type_id,
        person.pk,
        to_micros(at),
        Origin.PRODUCT.value,
        identity,
        Project.objects.get_or_create(name=project)[0].pk if project else None,
        source or "",
        seconds,
        json.dumps(payload, ensure_ascii=False) if payload else None,
        False,
        consent,
    ]
