"""The vocabulary as a document, generated from the event classes."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import groupby
from typing import Any, get_args, get_origin

from telemetry.log.events import COLUMNS, TrackedEvent, WrittenBy, declared, field_types

OPENING = """# The vocabulary

<!-- Written by `manage.py vocabulary`; change the event classes, not this file. -->

Every funnel, cohort and segment is asked of one log, and these are the words it knows. An event is declared
once, as a class, in the `events.py` of its app; staff add words for other programs with
`manage.py declare_event NAME "what it means" [--activity]`, and those are listed in the admin.

* **Written by**: *anyone* may send the event with a key; *the server* alone knows of the others. Sent by a
  key they are refused as `server_only`, unless the key was made with `--facts`.
* **Counts as use**: whether the event makes somebody active.
* **Stored**: a *record of the service* always, on the legal basis named; other events of our own pages only
  with consent. What other programs send is theirs to answer for.
* A field marked *column* has its own place in the log; the others are properties, which `where` and
  `breakdown` can name. An optional field may be missing. Properties that are not listed are accepted too.
"""

WRITERS = {WrittenBy.ANYONE: "anyone", WrittenBy.SERVER: "the server"}
SCALARS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def vocabulary_document() -> str:
    """The whole document, in Markdown."""
    events = sorted(declared(), key=_family)
    families = [(family, list(group)) for family, group in groupby(events, key=_family)]
    parts = [OPENING, "\n".join(f"* [{family}](#{family})" for family, _ in families) + "\n"]
    for family, group in families:
        parts.append(f"## {family}\n")
        parts += [_section(event) for event in group]
    parts += _choices(events)
    return "\n".join(parts)


def _family(event: type[TrackedEvent]) -> str:
    return event.name.partition(".")[0]


def _section(event: type[TrackedEvent]) -> str:
    stored = f"always: {event.legal_basis}" if event.service_record else "with consent"
    lines = [
        f"### `{event.name}`\n",
        f"{event.meaning}\n",
        "| written by | counts as use | stored |",
        "|---|---|---|",
        f"| {WRITERS[event.written_by]} | {'yes' if event.counts_as_use else 'no'} | {stored} |",
        "",
    ]
    return "\n".join(lines + list(_fields(event)))


def _fields(event: type[TrackedEvent]) -> Iterator[str]:
    kinds = field_types(event)
    if not kinds:
        return
    yield "| field | type | |"
    yield "|---|---|---|"
    for name, kind in kinds.items():
        notes = ["column"] if name in COLUMNS else []
        notes += ["optional"] if types.NoneType in get_args(kind) else []
        yield f"| `{name}` | {_described(kind)} | {', '.join(notes)} |"
    yield ""


def _described(kind: Any) -> str:
    """A field's type in words; an enum links to its values."""
    if kind in SCALARS:
        return SCALARS[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    parts = [part for part in get_args(kind) if part not in (types.NoneType, Ellipsis)]
    inner = " or ".join(_described(part) for part in parts) or f"`{kind.__name__}`"
    return f"list of {inner}" if get_origin(kind) in (list, tuple) else inner


def _choices(events: Iterable[type[TrackedEvent]]) -> Iterator[str]:
    """Each enum that a field takes its values from, once."""
    enums: dict[str, type[Enum]] = {}
    for event in events:
        for kind in field_types(event).values():
            for part in (kind, *get_args(kind)):
                if isinstance(part, type) and issubclass(part, Enum):
                    enums.setdefault(part.__name__, part)
    if enums:
        yield "## Values\n"
    for name, enum in enums.items():
        values = ", ".join(f"`{member.value}`" for member in enum)
        yield f"### {name}\n\n{(enum.__doc__ or '').strip()}\n\n{values}\n"
