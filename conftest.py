"""What every test shares."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db.backends.sqlite3.base import DatabaseOperations
from hypothesis import settings as effort

# A machine that is busy is no fault of what is tested; all else stays as it is, here or in CI.
effort.register_profile("growth", parent=effort(), deadline=None)
effort.load_profile("growth")


def pytest_configure() -> None:
    """Give each process of pytest-xdist a cache of its own in Redis: clearing one empties a whole database.

    The broker keeps the database that `REDIS_URL` names; the caches follow it.
    """
    if settings.REDIS_URL:
        url = urlsplit(settings.REDIS_URL)
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        number = int(url.path.strip("/") or 0) + 1 + worker
        settings.CACHES["default"]["LOCATION"] = url._replace(path=f"/{number}").geturl()


@pytest.fixture(scope="session", autouse=True)
def flush_passes_the_triggers() -> Iterator[None]:
    """Let the flush after a transactional test empty append-only tables of SQLite: without their triggers.

    PostgreSQL flushes by TRUNCATE, which row triggers do not see.
    """
    flush = DatabaseOperations.execute_sql_flush

    def without_triggers(operations: DatabaseOperations, statements: Any) -> Any:
        with operations.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            flush(operations, statements)
            for _, statement in triggers:
                cursor.execute(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", without_triggers)
        yield


@pytest.fixture(autouse=True)
def read_the_vocabulary_anew() -> Iterator[None]:
    """Forget the process's copy of the event types: a test that is rolled back takes its own with it."""
    yield
    from telemetry.log.vocabulary import forget

    forget()
