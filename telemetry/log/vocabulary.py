"""The vocabulary: which events there are, as rows that the log's rows point to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS

from telemetry.log.events import TrackedEvent, WrittenBy, declared, declared_as
from telemetry.log.models import EventType
from telemetry.reading import once

MEANING_LENGTH = 300


class UnknownEvent(LookupError):
    """No class and no member of staff has declared an event of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No event is called {name!r}.")
        self.name = name


@dataclass(frozen=True, slots=True)
class Word:
    """One event of the vocabulary. `event` is its class, None when staff declared it."""

    id: int
    name: str
    written_by: WrittenBy
    counts_as_use: bool
    event: type[TrackedEvent] | None


#: The process's copy. Words are added, hardly ever changed: a miss reads all of them again.
_words: dict[str, Word] = {}


def forget() -> None:
    """Drop the process's copy; the next look-up reads the rows."""
    _words.clear()


def lookup_many(names: Iterable[str]) -> dict[str, Word]:
    """The words of these names; unknown ones are left out. One query at most, none when all are known."""
    wanted = set(names)
    if not wanted <= _words.keys():
        _words.update((row.name, _word(row)) for row in EventType.objects.all())
    return {name: _words[name] for name in wanted if name in _words}


def lookup(name: str) -> Word | None:
    """The word of a name, None for an unknown one."""
    return lookup_many([name]).get(name)


def type_ids(*names: str) -> tuple[int, ...]:
    """The keys of the event types, in the order of the names; raises `UnknownEvent`."""
    words = lookup_many(names)
    for name in names:
        if name not in words:
            raise UnknownEvent(name)
    return tuple(words[name].id for name in names)


def activity_type_ids() -> tuple[int, ...]:
    """The keys of all event types that make somebody active; read anew, since staff may have changed one."""
    of_use = EventType.objects.filter(counts_as_use=True).order_by("pk").values_list("pk", flat=True)
    return once("what counts as use", lambda: tuple(of_use))


def all_type_ids() -> tuple[int, ...]:
    """The keys of all event types: naming each lets the log's one index find what one person did."""
    return tuple(EventType.objects.order_by("pk").values_list("pk", flat=True))


def sync_vocabulary(rows: type[EventType] = EventType, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Give every event class its row, and say whether that changed what counts as use.

    A class takes over a name that staff declared. Rows of staff, and of classes that are gone, stay.
    """
    known = {row.name: row for row in rows._default_manager.using(using).all()}
    missing = [event for event in declared() if event.name not in known]
    # Only what is missing is inserted: a refused insert would use up a key of a small sequence.
    rows._default_manager.using(using).bulk_create(
        [rows(name=event.name, **_as_declared(event)) for event in missing], ignore_conflicts=True
    )
    use_changed = False
    for event in declared():
        if (row := known.get(event.name)) is None:
            continue
        stated = _as_declared(event)
        if any(getattr(row, field) != value for field, value in stated.items()):
            use_changed |= row.counts_as_use != event.counts_as_use
            rows._default_manager.using(using).filter(pk=row.pk).update(**stated)
    forget()
    return use_changed


def _as_declared(event: type[TrackedEvent]) -> dict[str, str | bool]:
    return {
        "meaning": event.meaning.partition("\n")[0][:MEANING_LENGTH],
        "counts_as_use": event.counts_as_use,
        "declared_by": EventType.DeclaredBy.CODE,
    }


def _word(row: EventType) -> Word:
    event = declared_as(row.name)
    if event is not None:
        written_by = event.written_by
    elif row.declared_by == EventType.DeclaredBy.CODE:
        # Its class is not installed here, so nobody vouches for it.
        written_by = WrittenBy.SERVER
    else:
        written_by = WrittenBy.ANYONE
    return Word(row.pk, row.name, written_by, row.counts_as_use, event)
