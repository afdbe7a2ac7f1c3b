"""What the tests of running the house share."""

from datetime import UTC, datetime

import pytest

from telemetry.operations.bell import doorbell


@pytest.fixture
def now():
    """Some afternoon: today's turns have struck."""
    return datetime(2026, 3, 4, 15, 30, tzinfo=UTC)


@pytest.fixture
def rings(monkeypatch):
    """The names rung instead of a broker's bell."""
    heard = []
    monkeypatch.setattr(doorbell, "ring", lambda task, **_: heard.append(task))
    return heard
