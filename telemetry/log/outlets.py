"""Where events go on to once they are stored: whoever sends them out stands above the log and registers here.

Only what a yes allows is passed on, inside the transaction that stores it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from telemetry.log.events import TrackedEvent, field_types

#: Declared like any other field, yet people name their projects as they like: names stay here.
STAYS = "project"


@dataclass(frozen=True, slots=True)
class Leaving:
    """An event that may leave, and the record of the yes by which it may."""

    event_id: int
    name: str
    person_id: int
    occurred_at: datetime
    attributes: Mapping[str, Any]
    consent_id: int


Outlet = Callable[[Sequence[Leaving]], None]

_outlets: list[Outlet] = []


def register(outlet: Outlet) -> None:
    """Call `outlet` with everything that may leave from now on; registering it again changes nothing."""
    if outlet not in _outlets:
        _outlets.append(outlet)


def pass_on(rows: Sequence[Leaving]) -> None:
    """Hand stored events to every outlet, in the caller's transaction."""
    if not rows:
        return
    for outlet in _outlets:
        outlet(rows)


def attributes_of(event: type[TrackedEvent] | None, said: Mapping[str, Any]) -> dict[str, Any]:
    """What may leave of what is known about an event: declared fields with values of their type, but names.

    Of an event that staff declared, without a class, nothing but its name and time leaves.
    """
    if event is None:
        return {}
    return {
        name: said[name]
        for name, kind in field_types(event).items()
        if name != STAYS and said.get(name) not in (None, "") and _fits(said[name], kind)
    }


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
