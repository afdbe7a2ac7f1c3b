"""How far the log is settled: up to which id nothing can appear any more.

On PostgreSQL ids are given at insert and appear at commit, so a lower one can appear after a higher
one was counted. Whoever may still do so holds the table's lock for writers, and is waited for a moment;
nobody has to wait for us. SQLite has one writer at a time: whoever holds the watermark.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic, sleep

from django.db import connection
from django.db.backends.utils import CursorWrapper

PATIENCE = 1.0  # seconds
PAUSE = 0.01
WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE relation = 'telemetry_event'::regclass AND mode = 'RowExclusiveLock'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND pid IS DISTINCT FROM pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The highest id, and whether every id up to it has appeared, or never will."""

    event_id: int
    settled: bool


def look_at_the_log(cursor: CursorWrapper) -> Horizon:
    """See how far the log goes, and give those who are writing a moment to end."""
    cursor.execute("SELECT coalesce(max(id), 0) FROM telemetry_event")
    (event_id,) = cursor.fetchone()
    return Horizon(event_id, settled=connection.vendor != "postgresql" or _writers_end(cursor))


def _writers_end(cursor: CursorWrapper) -> bool:
    """Whether all end in time who might have taken an id before now."""
    started = monotonic()
    remaining = _writers(cursor)
    while remaining and monotonic() - started < PATIENCE:
        sleep(PAUSE)
        remaining &= _writers(cursor)
    return not remaining


def _writers(cursor: CursorWrapper) -> set[str]:
    cursor.execute(WRITERS)
    return {transaction for (transaction,) in cursor.fetchall()}
