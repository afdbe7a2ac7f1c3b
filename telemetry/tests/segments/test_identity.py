"""Who somebody is, told with what their segment says of them, to whom they allowed it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from telemetry.consent.answers import grant, withdraw
from telemetry.consent.models import Source
from telemetry.delivery.models import Delivery
from telemetry.log.models import Event
from telemetry.people.models import Person
from telemetry.segments.identity import describe, identify
from telemetry.tests.segments.conftest import NOW

DAY = timedelta(days=1)


@pytest.fixture
def ada(db, settings, somebody, happened, refreshed):
    """Somebody with an account and three entries of this week, whom a refresh has met."""
    settings.TELEMETRY_DETAILED, settings.TELEMETRY_SINK = True, "https://otlp.example"
    person = somebody(account=get_user_model().objects.create_user("ada@growth.example"))
    for hours in (1, 2, 3):
        happened(person, timedelta(hours=hours), source="timer")
    refreshed()
    return person


def told():
    return Event.objects.filter(type__name="person.described")


def test_with_a_yes_the_segment_is_told_once_a_day(ada):
    grant(ada, source=Source.SETTINGS, at=NOW)

    assert identify(ada.account, at=NOW) == ada
    assert not describe(ada, at=NOW)
    assert describe(ada, at=NOW + DAY)

    assert told().count() == Delivery.objects.filter(name="person.described").count() == 2
    said = Delivery.objects.filter(name="person.described").values_list("attributes", flat=True)[0]
    assert (said["entries_last_7_days"], said["entries_all_time"]) == (3, 3)
    assert (said["engagement_level"], said["preferred_tracking_method"]) == ("medium", "timer")
    assert (said["role"], said["is_at_risk"]) == ("user", False)
    assert "ada" not in str(said)


def test_each_day_is_one_of_the_project_s_zone_when_the_clocks_change_too(ada, settings):
    settings.TIME_ZONE = "Europe/London"
    noon_before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    grant(ada, source=Source.SETTINGS, at=noon_before)

    # Summer time begins in the night to the 29th.
    assert [describe(ada, at=noon_before + n * DAY) for n in range(4)] == [True] * 4
    assert not describe(ada, at=datetime(2026, 3, 31, 22, 59, tzinfo=UTC))
    assert describe(ada, at=datetime(2026, 3, 31, 23, 0, tzinfo=UTC))


def test_without_a_yes_nothing_is_told(ada):
    assert not describe(ada, at=NOW)
    grant(ada, source=Source.SETTINGS, at=NOW)
    withdraw(ada, source=Source.SETTINGS, at=NOW + DAY)
    assert not describe(ada, at=NOW + DAY)

    assert not told().exists()
    assert not Delivery.objects.exists()


def test_whom_no_refresh_has_met_has_nothing_to_be_told(somebody):
    new = somebody()
    grant(new, source=Source.SETTINGS, at=NOW)

    assert not describe(new, at=NOW)


def test_what_the_product_calls_an_account_is_bound_and_told(ada):
    grant(ada, source=Source.SETTINGS, at=NOW)

    assert identify(ada.account, at=NOW, external_id="42") == Person.objects.called("42").get() == ada
    assert told().get().person == ada
