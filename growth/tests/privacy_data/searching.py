"""Where a word may be kept: every table, the queue, the cache, written mail, sessions."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection

#: The database itself is asked by SQL: its file keeps deleted pages until they are used again.
DATABASE_FILES = (".sqlite3", ".sqlite3-wal", ".sqlite3-shm")


def tables() -> list[str]:
    """Every table of the database, whoever made it."""
    with connection.cursor() as cursor:
        return sorted(connection.introspection.table_names(cursor))


def rows(table: str) -> Iterator[bytes]:
    """Every value of every column."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        for row in cursor.fetchall():
            yield from map(as_bytes, row)


def as_bytes(value: Any) -> bytes:
    """A value as a dump would write it."""
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def opened_sessions() -> Iterator[bytes]:
    """What sessions hold, unpacked."""
    yield from (str(session.get_decoded()).encode() for session in Session.objects.all())


def files() -> Iterator[bytes]:
    """The data folder: broker, mail, whatever else lies there."""
    for path in Path(settings.GROWTH_DATA).rglob("*"):
        if path.is_file() and not path.name.endswith(DATABASE_FILES):
            yield path.name.encode()
            yield path.read_bytes()


def cached() -> Iterator[bytes]:
    """The cache's keys and values; with Redis those of the broker, too: they share its database."""
    inside: Any = cache._cache  # type: ignore[attr-defined]
    if not settings.REDIS_URL:
        yield from (key.encode() for key in inside)
        yield from (as_bytes(pickle.loads(value)) for value in inside.values())  # noqa: S301
        return
    client = inside.get_client()
    for key in client.scan_iter():
        yield key
        yield client.dump(key) or b""


def holding(words: Iterable[str], values: Iterable[bytes]) -> bool:
    """Whether any of the words stands in any of the values, in whatever case."""
    sought = [word.lower().encode() for word in words]
    return any(word in value.lower() for value in values for word in sought)


def places(words: Iterable[str]) -> set[str]:
    """Everywhere that one of the words is kept."""
    words = list(words)
    found = {table for table in tables() if holding(words, rows(table))}
    beside = {"sessions, opened": opened_sessions, "files": files, "cache": cached}
    return found | {name for name, values in beside.items() if holding(words, values())}
