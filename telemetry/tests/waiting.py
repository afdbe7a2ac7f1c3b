"""Waiting for what another thread comes to, and no longer."""

from threading import Thread

from django.conf import settings
from django.db import connection


def until_it_waits_or_ends(thread: Thread) -> None:
    """Until the thread stands before a lock that somebody else has, or is through; at most ten seconds."""
    for _attempt in range(1_000 if settings.POSTGRESQL else 50):
        thread.join(0.01)
        if not thread.is_alive() or somebody_waits():
            return


def somebody_waits() -> bool:
    """Whether a lock of this database is asked for that somebody else has; SQLite does not say.

    Other databases of the same server have tests of their own.
    """
    if not settings.POSTGRESQL:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE NOT granted AND datname = current_database())"
        )
        return bool(cursor.fetchone()[0])
