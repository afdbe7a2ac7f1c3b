"""Event classes that last one test."""

import pytest

from telemetry.log import events


@pytest.fixture
def scratch(monkeypatch):
    """Let the test declare event classes that are forgotten afterwards; the product's own stay known."""
    known = dict(events._DECLARED)
    monkeypatch.setattr(events, "_DECLARED", known)
    return known
