"""Keys, and programs that send with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from django.core.cache import cache

from telemetry.log.items import Item
from telemetry.log.models import ApiKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_event(**values: Any) -> dict[str, Any]:
    """A good event, as a program would write it."""
    return {
        "id": "e1",
        "name": "activity.logged",
        "user": "anna",
        "occurred_at": "2026-02-28T10:00:00+01:00",
        **values,
    }


def an_item(**values: Any) -> Item:
    """The same, read."""
    return msgspec.convert(an_event(**values), Item)


@pytest.fixture(autouse=True)
def _nothing_spent() -> None:
    cache.clear()


@pytest.fixture
def issue(db):
    """Issue a key; its secret."""

    def issue(scope: str = "ingest", **options: Any) -> str:
        return ApiKey.objects.issue("a program", scope, **options).secret

    return issue


@pytest.fixture
def send(client, issue):
    """Send a body to `POST events/`, as JSON unless it is bytes; by an ingest key unless told otherwise."""

    def send(body: Any, secret: str | None = None, **headers: Any) -> Any:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers.setdefault("content_type", "application/json")
        secret = issue() if secret is None else secret
        return client.post("/api/v1/events/", raw, HTTP_AUTHORIZATION=f"Bearer {secret}", **headers)

    return send
