"""What is refused at start: event classes that break the rules of the vocabulary.

A name that two classes share (telemetry.E004) is refused earlier: the second class cannot be imported.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from django.core.checks import CheckMessage, Error, register

from telemetry.log.events import (
    TrackedEvent,
    declared,
    field_types,
    is_reserved,
    is_well_formed,
)

PERSONAL_WORDS = frozenset(
    {"ip", "name", "mail", "mobile", "passwd", "firstname", "lastname", "fullname", "nickname", "surname"}
)
#: Found anywhere in a name: these are never part of an innocent word.
PERSONAL_PARTS = ("address", "email", "password", "phone", "token", "username")
SCALARS = (str, int, float, bool)
#: What a class says of itself; `name` would be personal data besides.
OWN_NAMES = {*TrackedEvent.__annotations__, "payload"} - {"name"}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@register("telemetry")
def check_event_classes(**_kwargs: Any) -> list[CheckMessage]:
    """Everything that is wrong with the declared event classes."""
    return [problem for event in declared() for problem in problems_of(event)]


def problems_of(event: type[TrackedEvent]) -> Iterator[Error]:
    """What is wrong with one event class."""
    yield from _problems_of_the_declaration(event)
    params = event.__dict__.get("__dataclass_params__")
    if params is None or not params.frozen:
        yield _error(event, "E007", "is no frozen dataclass.")
        return
    if taken := sorted(OWN_NAMES & field_types(event).keys()):
        yield _error(event, "E009", f"has a field that every event class has already: {', '.join(taken)}.")
    for path, kind in _fields(field_types(event)):
        if is_personal(path.rpartition(".")[2]):
            yield _error(event, "E003", f"has the field {path}, which would hold personal data.")
        if not _is_json(kind):
            yield _error(event, "E006", f"has the field {path}, whose type has no JSON form: {kind}.")


def _problems_of_the_declaration(event: type[TrackedEvent]) -> Iterator[Error]:
    if is_reserved(event.name):
        yield _error(event, "E001", "has a name that is reserved for the base layer.")
    if not event.meaning:
        yield _error(event, "E002", "does not say in a docstring what happened.")
    if not is_well_formed(event.name):
        yield _error(event, "E005", "needs a name like family.what_happened, 64 characters at most.")
    if event.service_record and not event.legal_basis:
        yield _error(event, "E008", "is stored without consent and does not say on what legal basis.")


def is_personal(name: str) -> bool:
    """Whether a field of this name would hold personal data: a name, an address, a password and the like.

    Compounds count (`user_name`, `ipAddress`); words that only contain a short one do not (`recipe`).
    """
    words = {word.lower() for word in _WORDS.findall(name)}
    flat = name.replace("_", "").lower()
    return bool(words & PERSONAL_WORDS) or any(part in flat for part in PERSONAL_PARTS)


def _fields(kinds: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each field with its dotted path, those of nested dataclasses too."""
    for name, kind in kinds.items():
        yield f"{path}{name}", kind
        for part in _parts(kind):
            if is_dataclass(part):
                hints = get_type_hints(part)
                yield from _fields({f.name: hints[f.name] for f in fields(part)}, f"{path}{name}.")


def _parts(kind: Any) -> Iterator[Any]:
    """The plain types that a type is made of."""
    if get_origin(kind) is None:
        yield kind
    for argument in get_args(kind):
        if argument is not Ellipsis:
            yield from _parts(argument)


def _is_json(kind: Any) -> bool:
    """Whether values of the type are JSON values: scalars, enums, optionals, lists, dataclasses of these."""
    if get_origin(kind) not in (None, list, tuple, Union, types.UnionType):
        return False
    return all(
        part is types.NoneType
        or is_dataclass(part)
        or (isinstance(part, type) and issubclass(part, (*SCALARS, Enum)))
        for part in _parts(kind)
    )


def _error(event: type[TrackedEvent], number: str, what: str) -> Error:
    return Error(f"The event {event.name!r} {what}", obj=event, id=f"telemetry.{number}")
