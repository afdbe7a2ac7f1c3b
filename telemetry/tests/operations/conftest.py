"""What the tests of operations share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from telemetry.operations.bell import doorbell


@pytest.fixture
def now() -> datetime:
    """Some moment."""
    return datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture
def in_parallel() -> Callable[..., list[Any]]:
    """Call something in so many threads at the same time; what each returned, or raised."""

    def run(times: int, work: Callable[[], Any]) -> list[Any]:
        barrier = Barrier(times)

        def one() -> Any:
            try:
                connection.ensure_connection()
                barrier.wait(10)
                return work()
            finally:
                connection.close()

        with ThreadPoolExecutor(times) as threads:
            return [turn.result(30) for turn in [threads.submit(one) for _ in range(times)]]

    return run


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names rung instead of a broker's bell."""
    heard: list[str] = []

    def hear(task: str, after: timedelta = timedelta(0)) -> bool:
        heard.append(task)
        return True

    monkeypatch.setattr(doorbell, "ring", hear)
    return heard


@pytest.fixture(autouse=True)
def alert_emails(settings: Any) -> None:
    """Somebody is to be told."""
    settings.ALERT_EMAILS = ["ops@growth.example"]
