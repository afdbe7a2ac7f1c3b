"""Somebody who has used the product for a while, and a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from telemetry.people.models import Person
from telemetry.segments.models import Segment

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture
def account(db):
    """An account that signed up a hundred days ago."""
    return get_user_model().objects.create_user("ada@example.org", date_joined=NOON - 100 * DAY)


@pytest.fixture
def ada(account):
    """Its person, who logged 50 entries and 12.3 hours."""
    person = Person.objects.of_account(account)
    Segment.objects.create(
        person=person, entries_all_time=50, seconds_tracked=12 * 3600 + 1080, computed_at=NOON
    )
    return person


@pytest.fixture
def client_of_ada(ada):
    """A browser with her session."""
    client = Client()
    client.force_login(ada.account)
    return client
