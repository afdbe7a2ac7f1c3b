"""A log to ask questions of."""

import pytest

from telemetry.tests.analysis.streams import Log


@pytest.fixture
def log(db) -> Log:
    """An empty event log."""
    return Log()
