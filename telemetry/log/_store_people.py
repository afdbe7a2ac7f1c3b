"""The people and projects that a batch names: found, or made, by a few statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from telemetry.log._store_sql import answers, statements
from telemetry.log.models import Project
from telemetry.people.erasure import tombstone_digest
from telemetry.people.models import Person, PersonAlias

Alias = tuple[str, str]
"""Kind and value."""

NEVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Known:
    """A person, and the sign-up in microseconds below which an event moves it; None when it was stated."""

    id: int
    sign_up: int | None


def people_called(aliases: Iterable[Alias]) -> tuple[dict[Alias, Known], dict[Alias, int]]:
    """Who is known under these names; and of those erased under them, the microsecond of the erasure.

    Both are asked in one statement, so that an erasure has either happened for both or for none.
    """
    wanted = [
        {"kind": alias[0], "value": alias[1], "digest": tombstone_digest(alias).hex()} for alias in aliases
    ]
    known, erased = {}, {}
    for kind, value, person, sign_up, erased_at in answers(statements().people, NEVER, wanted):
        if person is not None:
            known[kind, value] = Known(person, sign_up)
        if erased_at is not None:
            erased[kind, value] = erased_at
    return known, erased


def people_made(aliases: Iterable[Alias]) -> dict[Alias, Known]:
    """A person for each name that has none; whoever loses a race for one takes the winner's."""
    wanted = sorted(aliases)
    made = Person.objects.bulk_create([Person() for _ in wanted])
    PersonAlias.objects.bulk_create(
        [
            PersonAlias(person=person, kind=kind, value=value)
            for person, (kind, value) in zip(made, wanted, strict=True)
        ],
        ignore_conflicts=True,
    )
    found, _erased = people_called(wanted)
    taken = {known.id for known in found.values()}
    if lost := [person.pk for person in made if person.pk not in taken]:
        Person.objects.filter(pk__in=lost).delete()
    return found


def projects(names: set[str]) -> dict[str, int]:
    """The keys of these projects, made where they are new."""
    if not names:
        return {}
    found = dict(answers(statements().projects, list(names)))
    if missing := names - found.keys():
        Project.objects.bulk_create([Project(name=name) for name in sorted(missing)], ignore_conflicts=True)
        found |= dict(answers(statements().projects, list(missing)))
    return found
