"""How long the database may think about one panel."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic

from django.db import DatabaseError, connection

#: PostgreSQL's own limit of a statement is set for the whole web process.
PANEL_LIMIT = timedelta(seconds=5)

#: PostgreSQL's code of a statement that was cancelled, by its time limit.
QUERY_CANCELED = "57014"

#: How many steps SQLite takes between two looks at the clock.
STEPS = 10_000


@contextmanager
def within(limit: timedelta) -> Iterator[None]:
    """Give up on what SQLite is asked once the time is over; PostgreSQL has its statement timeout."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    ends = monotonic() + limit.total_seconds()
    connection.connection.set_progress_handler(lambda: monotonic() > ends, STEPS)
    try:
        yield
    finally:
        connection.connection.set_progress_handler(None, 0)


def took_too_long(error: Exception) -> bool:
    """Whether the database gave up on a statement by its time limit."""
    cause = error.__cause__
    if not isinstance(error, DatabaseError) or cause is None:
        return False
    interrupted = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return interrupted or getattr(cause, "sqlstate", None) == QUERY_CANCELED
