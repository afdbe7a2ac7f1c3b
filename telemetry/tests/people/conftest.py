"""People with a past."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from telemetry.log.product_events import ActivityLogged
from telemetry.log.track import track
from telemetry.people.models import Person, PersonAlias

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def account(db):
    return get_user_model().objects.create_user("ada@growth.example", date_joined=NOON)


@pytest.fixture
def known(db):
    """Make somebody who is known under a name, and did something at each of the given times."""

    def make(value, *times, kind=PersonAlias.Kind.VISITOR, **fields):
        person = Person.objects.create(**fields)
        person.aliases.create(kind=kind, value=value)
        for at in times:
            track(person, ActivityLogged(), at=at)
        return person

    return make
