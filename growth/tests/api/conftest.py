"""A key that reads, and a log to read from."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from telemetry.log.ingest import store
from telemetry.log.items import Item
from telemetry.log.models import ApiKey, EventType, Origin

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def read_key(db):
    """A secret of scope read."""
    return ApiKey.objects.issue("reports", ApiKey.Scope.READ).secret


@pytest.fixture
def reader(read_key):
    """A client that holds the key."""
    return Client(headers={"Authorization": f"Bearer {read_key}"})


@pytest.fixture
def declared(db):
    """Event types A, B and C; A counts as use."""
    for name, counts in [("step.a", True), ("step.b", False), ("step.c", False)]:
        EventType.objects.create(name=name, meaning=f"Step {name[-1]}", counts_as_use=counts)


@pytest.fixture
def happened(declared):
    """Store `user, letter, seconds after START[, properties]`."""

    def tell(*events):
        items = [
            Item(
                id=f"{user}-{letter}-{seconds}-{number}",
                name=f"step.{letter}",
                user=user,
                occurred_at=START + timedelta(seconds=seconds),
                properties=properties[0] if properties else None,
            )
            for number, (user, letter, seconds, *properties) in enumerate(events)
        ]
        store(items, origin=Origin.API, now=START + timedelta(days=90))

    return tell


@pytest.fixture
def ask(reader):
    """POST a question as JSON."""

    def post(report, question, client=reader):
        return client.post(f"/api/v1/reports/{report}/", question, content_type="application/json")

    return post
