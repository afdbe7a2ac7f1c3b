"""One batch into the log: people, projects, events, sign-ups; in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg.errors
from django.db import Error, IntegrityError, connection, transaction

from telemetry.consent.standing import Yes, standing
from telemetry.instants import from_micros
from telemetry.log._store_people import Alias, Known, people_called, people_made, projects
from telemetry.log._store_sql import EventRow, answers, statements
from telemetry.log.identity import digest
from telemetry.log.models import Origin
from telemetry.log.outlets import Leaving, attributes_of, pass_on
from telemetry.log.vocabulary import Word

ATTEMPTS = 4

Stored = tuple[int, int, int, bytes | None]
"""A row that is new: its id, person and instant, and the digest of its key where a yes allows it to leave."""


class Fact(NamedTuple):
    """An event that is to be stored, its word looked up and its clock set right."""

    word: Word
    alias: Alias
    occurred_at: int
    key: str
    project: str
    source: str
    duration_seconds: int | None
    properties: dict[str, Any] | None
    clock_ahead: bool


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows are new, and the positions of those whose person was erased after they happened."""

    inserted: int
    erased: tuple[int, ...]


def write(facts: Mapping[int, Fact], origin: Origin) -> Written:
    """Store the facts, keyed by their position in the batch.

    A person who is erased between look-up and commit makes the foreign key refuse the batch: it is
    tried again, and finds the tombstone.
    """
    if not facts:
        return Written(0, ())
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _write(facts, origin)
        except Error as error:
            if attempt == ATTEMPTS or connection.in_atomic_block or not _passes(error):
                raise
    raise AssertionError("unreachable")


def _passes(error: Error) -> bool:
    """Whether trying again can help: a row vanished or appeared meanwhile, or two batches met."""
    return isinstance(error, IntegrityError) or isinstance(error.__cause__, psycopg.errors.DeadlockDetected)


def _write(facts: Mapping[int, Fact], origin: Origin) -> Written:
    aliases = {fact.alias for fact in facts.values()}
    # Who is found is kept by the foreign key; who was just erased has a tombstone.
    known, erased_since = people_called(aliases)
    erased = _erased(facts, erased_since)
    kept = [fact for index, fact in facts.items() if index not in erased]
    if missing := {fact.alias for fact in kept} - known.keys():
        known |= people_made(missing)
    named = projects({fact.project for fact in kept if fact.project})
    allowed = _allowed(kept, known) if origin is Origin.API else {}
    rows = [_row(fact, known, named, allowed) for fact in kept]
    inserted = answers(statements().events, origin.value, rows) if rows else []
    _move_sign_ups({person.id: person.sign_up for person in known.values()}, inserted)
    if allowed:
        _let_out(kept, known, allowed, inserted)
    return Written(len(inserted), erased)


def _allowed(facts: Sequence[Fact], known: Mapping[Alias, Known]) -> dict[int, Yes]:
    """The yes of each of these people who has one; one statement when nobody has."""
    earliest: dict[int, int] = {}
    for fact in facts:
        person = known[fact.alias].id
        earliest[person] = min(fact.occurred_at, earliest.get(person, fact.occurred_at))
    return standing({person: from_micros(at) for person, at in earliest.items()})


def _let_out(
    facts: Sequence[Fact], known: Mapping[Alias, Known], allowed: Mapping[int, Yes], inserted: list[Stored]
) -> None:
    """Pass on what was stored with a yes."""
    by_key = {digest(fact.key): fact for fact in facts if known[fact.alias].id in allowed}
    pass_on(
        [
            _leaving(by_key[bytes(key)], event, person, allowed[person].id)
            for event, person, _at, key in inserted
            if key is not None
        ]
    )


def _leaving(fact: Fact, event: int, person: int, consent: int) -> Leaving:
    said = {**(fact.properties or {}), "source": fact.source, "duration_seconds": fact.duration_seconds}
    attributes = attributes_of(fact.word.event, said)
    return Leaving(event, fact.word.name, person, from_micros(fact.occurred_at), attributes, consent)


def _erased(facts: Mapping[int, Fact], since: Mapping[Alias, int]) -> tuple[int, ...]:
    """The positions of those that happened before their person was erased."""
    if not since:
        return ()
    return tuple(index for index, fact in facts.items() if fact.occurred_at <= since.get(fact.alias, -1))


def _row(
    fact: Fact, known: Mapping[Alias, Known], named: Mapping[str, int], allowed: Mapping[int, Yes]
) -> EventRow:
    person = known[fact.alias].id
    yes = allowed.get(person)
    return (
        fact.word.id,
        person,
        fact.occurred_at,
        digest(fact.key).hex(),
        named[fact.project] if fact.project else None,
        fact.source,
        fact.duration_seconds,
        fact.properties,
        fact.clock_ahead,
        yes.id if yes is not None and yes.since <= fact.occurred_at else None,
    )


def _move_sign_ups(sign_ups: Mapping[int, int | None], inserted: list[Stored]) -> None:
    """Who never told us counts as signed up at their earliest event."""
    earliest: dict[int, int] = {}
    for _event, person, at, _key in inserted:
        if (known := sign_ups[person]) is not None and at < earliest.get(person, known):
            earliest[person] = at
    if earliest:
        answers(statements().sign_ups, [{"id": person, "at": at} for person, at in earliest.items()])
