"""How an event is declared: once, as a class. Its name, its payload and what it means."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum, StrEnum
from typing import Any, ClassVar, get_args, get_type_hints

import msgspec

NAME_LENGTH = 64
RESERVED_FAMILY = "base_telemetry"
#: In questions, the name that stands for every event that counts as use.
ACTIVITY = "activity"
#: Payload fields of these names are columns of the log; all others are properties.
COLUMNS = ("project", "source", "duration_seconds")

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_SAYABLE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]*")


class WrittenBy(StrEnum):
    """Who may write an event."""

    ANYONE = "anyone"
    SERVER = "server"


class LegalBasis(StrEnum):
    """Why a record of the service may be kept without consent, by the article of the GDPR."""

    CONTRACT = "performance of a contract, Art. 6(1)(b)"
    OBLIGATION = "legal obligation, Art. 6(1)(c)"
    INTEREST = "legitimate interest, Art. 6(1)(f)"


class DeclaredTwice(TypeError):
    """Two event classes share a name; the second cannot be imported (telemetry.E004)."""


class TrackedEvent:
    """What all event classes are: subclass it as a frozen dataclass, and say in the docstring what happened.

    `written_by`: "anyone" may report it, or only the "server" knows. `counts_as_use`: whether it makes
    somebody active. `service_record`: stored without consent, on its `legal_basis`.
    Raises `DeclaredTwice` for a name that another class has. What else can be wrong, a system check says.
    """

    name: ClassVar[str]
    meaning: ClassVar[str]
    written_by: ClassVar[WrittenBy]
    counts_as_use: ClassVar[bool]
    service_record: ClassVar[bool]
    legal_basis: ClassVar[str]

    def __init_subclass__(
        cls,
        *,
        name: str,
        written_by: str = WrittenBy.ANYONE,
        counts_as_use: bool = False,
        service_record: bool = False,
        legal_basis: str = "",
    ) -> None:
        """Take the class into the vocabulary."""
        super().__init_subclass__()
        cls.name = name
        # Read before the dataclass decorator puts a signature where a docstring is missing.
        cls.meaning = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
        cls.written_by = WrittenBy(written_by)
        cls.counts_as_use = counts_as_use
        cls.service_record = service_record
        cls.legal_basis = legal_basis
        if (other := _DECLARED.setdefault(name, cls)) is not cls:
            raise DeclaredTwice(f"(telemetry.E004) {cls!r} declares {name}, which {other!r} has declared.")

    def payload(self) -> dict[str, Any]:
        """The fields as JSON values, without those that are not known."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return {key: value for key, value in values.items() if value is not None}


#: Every event class by its name, in the order of import.
_DECLARED: dict[str, type[TrackedEvent]] = {}


def declared() -> tuple[type[TrackedEvent], ...]:
    """All event classes that have been imported."""
    return tuple(_DECLARED.values())


def declared_as(name: str) -> type[TrackedEvent] | None:
    """The class of a name, if a class has it."""
    return _DECLARED.get(name)


def is_well_formed(name: str) -> bool:
    """Whether a name reads `family.what_happened`, in 64 characters at most."""
    return len(name) <= NAME_LENGTH and _NAME.fullmatch(name) is not None


def is_sayable(name: str) -> bool:
    """Whether staff may call an event so: what their other programs call it is not ours to choose.

    A letter, then letters, digits and `_ . : -`, in 64 characters at most, ASCII.
    """
    return len(name) <= NAME_LENGTH and _SAYABLE.fullmatch(name) is not None


def is_reserved(name: str) -> bool:
    """Whether a name is the base layer's, or the word for any use; no product event may have it."""
    return name in (RESERVED_FAMILY, ACTIVITY) or name.startswith(f"{RESERVED_FAMILY}.")


def field_types(event: type[TrackedEvent]) -> dict[str, Any]:
    """The payload's fields and their types."""
    hints = get_type_hints(event)
    return {field.name: hints[field.name] for field in fields(event)}  # type: ignore[arg-type]


#: Read from the class once: ingest asks for every event.
_property_types: dict[type[TrackedEvent], dict[str, Any]] = {}


def property_types(event: type[TrackedEvent]) -> Mapping[str, Any]:
    """The payload's fields that are properties: all but the log's own columns."""
    if event not in _property_types:
        kinds = field_types(event).items()
        _property_types[event] = {name: kind for name, kind in kinds if name not in COLUMNS}
    return _property_types[event]


def check_properties(event: type[TrackedEvent], properties: Mapping[str, Any]) -> str | None:
    """What is wrong with properties that another program sent for this event; None when nothing is.

    A declared property has its declared type. Other properties, and missing ones, are accepted.
    """
    for name, kind in property_types(event).items():
        if properties.get(name) is None:
            continue
        try:
            msgspec.convert(properties[name], kind)
        except msgspec.ValidationError as error:
            return f"{name}: {error}.{_choices(kind)}"
    return None


def _choices(kind: Any) -> str:
    """What an enum accepts, as the end of a sentence; nothing for other types."""
    for part in (kind, *get_args(kind)):
        if isinstance(part, type) and issubclass(part, Enum):
            return f" It accepts {', '.join(str(member.value) for member in part)}."
    return ""
