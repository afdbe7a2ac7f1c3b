"""Storing what other programs send: whole batches, durably, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from telemetry.instants import months_before, to_micros
from telemetry.log import _store
from telemetry.log.events import WrittenBy
from telemetry.log.items import EARLIEST, Item, Rejection, read_items
from telemetry.log.models import Origin
from telemetry.log.vocabulary import Word, lookup_many

CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of a batch: accepted + duplicates + rejected = sent."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...] = ()


def receive(values: Sequence[object], *, origin: Origin, now: datetime, may_state_facts: bool) -> Verdicts:
    """Store what parsed JSON values state, and give each bad one its verdict.

    Without `may_state_facts`, events that only the server writes are refused as `server_only`.
    """
    good, refused = read_items(values)
    if not may_state_facts:
        refused += _facts_refused(good)
    positions = list(good)
    verdicts = store(list(good.values()), origin=origin, now=now)
    refused += [Rejection(positions[one.index], one.code, one.message) for one in verdicts.rejected]
    return Verdicts(verdicts.accepted, verdicts.duplicates, tuple(sorted(refused, key=lambda one: one.index)))


def store(items: Sequence[Item], *, origin: Origin, now: datetime) -> Verdicts:
    """Write a batch into the log in one transaction; stored means durable when this returns.

    An item's `id` is idempotent for ever within its origin: the first write wins, also within the batch.
    `now` is the moment of receipt: what is ahead of it is clamped to it, and flagged beyond five minutes.
    What came by the API from people with a valid yes is passed on to the outlets, in the same transaction;
    a history that is imported never leaves.
    Verdicts: `unknown_event`, `too_old` (see EVENT_RETENTION_MONTHS), `erased` (older than the erasure
    of its person). Safe against batches that overlap, and against an erasure at the same time.
    """
    words = lookup_many({item.name for item in items})
    oldest = kept_since(now)
    rejected = [
        refusal for index, item in enumerate(items) if (refusal := _refusal(index, item, words, oldest))
    ]
    skipped = {refusal.index for refusal in rejected}
    facts = {
        index: _fact(item, words[item.name], now) for index, item in enumerate(items) if index not in skipped
    }
    written = _store.write(facts, origin)
    rejected += [
        Rejection(index, "erased", _("This person was erased after it happened.")) for index in written.erased
    ]
    sent = len(items) - len(rejected)
    return Verdicts(written.inserted, sent - written.inserted, tuple(sorted(rejected, key=lambda r: r.index)))


def kept_since(now: datetime) -> datetime | None:
    """Events before this moment are no longer taken; None when all are kept until erasure."""
    months: int | None = settings.EVENT_RETENTION_MONTHS
    oldest = None if months is None else months_before(now, months)
    return None if oldest is None or oldest < EARLIEST else oldest


def _facts_refused(good: dict[int, Item]) -> list[Rejection]:
    """Take the events that only the server writes out of the good ones; their verdicts."""
    words = lookup_many({item.name for item in good.values()})
    ours = [
        index
        for index, item in good.items()
        if (word := words.get(item.name)) is not None and word.written_by == WrittenBy.SERVER
    ]
    message = _("Only the server writes this event, or a key that may state facts.")
    for index in ours:
        del good[index]
    return [Rejection(index, "server_only", message) for index in ours]


def _refusal(index: int, item: Item, words: Mapping[str, Word], oldest: datetime | None) -> Rejection | None:
    if item.name not in words:
        return Rejection(index, "unknown_event", _("name: no event of this name is declared."))
    if oldest is not None and item.occurred_at < oldest:
        return Rejection(index, "too_old", _("occurred_at: events this old are no longer kept."))
    return None


def _fact(item: Item, word: Word, now: datetime) -> _store.Fact:
    return _store.Fact(
        word=word,
        alias=item.alias,
        occurred_at=to_micros(min(item.occurred_at, now)),
        key=item.id,
        project=item.project or "",
        source=item.source or "",
        duration_seconds=item.duration_seconds,
        properties=item.properties or None,
        clock_ahead=item.occurred_at > now + CLOCK_TOLERANCE,
    )
