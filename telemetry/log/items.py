"""What a sender says of one event, and when it is refused for that alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from telemetry.log.strict_json import fault_of

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
LONGEST_SECONDS = 366 * 86_400

# Control characters, line separators, and marks that turn the direction of the text around them.
DECEIVING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
PLACE = re.compile(r"(?P<what>.*) - at `\$\.?(?P<field>\w*).*`", re.DOTALL)

Text32 = Annotated[str, Meta(max_length=32)]
Text200 = Annotated[str, Meta(max_length=200)]
Alias = Annotated[str, Meta(min_length=1, max_length=64)]
Key = Annotated[str, Meta(min_length=1, max_length=64, description="Idempotent for ever within its origin.")]
Instant = Annotated[datetime, Meta(tz=True, description="With an offset from UTC.")]
Seconds = Annotated[int, Meta(ge=0, le=LONGEST_SECONDS)]


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the item at a position (from 0) was not stored."""

    index: int
    code: str
    message: str


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event as its sender tells it; `ValueError` for values that no event can have.

    With both `user` and `visitor` it counts for the user and links nothing.
    """

    id: Key
    name: str
    occurred_at: Instant
    user: Alias | None = None
    visitor: Alias | None = None
    source: Text32 | None = None
    project: Text200 | None = None
    duration_seconds: Seconds | None = None
    properties: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse what the types of the fields alone do not."""
        if fault := self.fault():
            raise ValueError(fault)

    @property
    def alias(self) -> tuple[str, str]:
        """Kind and value of the name under which its person is known."""
        return ("user", self.user) if self.user is not None else ("visitor", self.visitor or "")

    def fault(self) -> str:
        """What is wrong between and inside the fields, beginning with the field's name; else empty."""
        if self.user is None and self.visitor is None:
            return _("user: it or visitor is needed")
        if "\0" in self.id:
            return _("id: holds a NUL character")
        if not EARLIEST <= self.occurred_at < LATEST:
            return _("occurred_at: is before 1970 or after 9998")
        if not f"{self.user}{self.visitor}{self.source}{self.project}".isprintable():
            for field in ("user", "visitor", "source", "project"):
                if DECEIVING.search(getattr(self, field) or ""):
                    return _("%(field)s: holds control or direction characters") % {"field": field}
        if self.properties and (fault := fault_of(self.properties)):
            return f"properties: {fault}"
        return ""


def read_item(value: object) -> Item:
    """The item that a parsed JSON value states; `ValueError` says which field is wrong and how."""
    try:
        return msgspec.convert(value, Item)
    except msgspec.ValidationError as error:
        raise ValueError(explained(error)) from error


def explained(error: msgspec.ValidationError) -> str:
    """The parser's message with the field's name first, and never longer than a line."""
    message = str(error)
    if found := PLACE.fullmatch(message):
        field, what = found["field"], found["what"]
        message = f"{field}: {what}" if field else what
    return message[:200]


def read_items(values: Sequence[object]) -> tuple[dict[int, Item], list[Rejection]]:
    """The good items by their position, and a verdict for each bad one."""
    good: dict[int, Item] = {}
    bad: list[Rejection] = []
    for index, value in enumerate(values):
        try:
            good[index] = read_item(value)
        except ValueError as error:
            bad.append(Rejection(index, "invalid", str(error)))
    return good, bad
