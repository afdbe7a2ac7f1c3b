"""What nobody needs any more goes; the rest stays."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session

from donations.models import DonationInteraction, StripeEvent
from growth import pruning
from growth.pruning import prune_everything
from telemetry.log.ingest import kept_since
from telemetry.models import (
    Alert,
    AlertMail,
    Event,
    EventType,
    Heartbeat,
    LimitCount,
    Person,
    SegmentWatermark,
    Slot,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rings")]


def test_old_slots_and_strange_heartbeats_go(now):
    Slot.objects.create(job="j", slot=now - timedelta(days=31), claimed_at=now)
    Slot.objects.create(job="j", slot=now - timedelta(days=29), claimed_at=now)
    Heartbeat.objects.create(job="nobody.knows")

    assert prune_everything(now) == 2
    assert Slot.objects.count() == 1
    assert Heartbeat.objects.filter(job="alerts.mail").exists()


def test_settled_work_goes_and_dead_work_stays(now, settings):
    settings.ALERT_EMAILS = ["ops@growth.example"]
    for key, state in (("a", "done"), ("b", "dead"), ("c", "pending"), ("d", "done")):
        Alert.objects.raise_alert(key, "warning", "x", now)
        AlertMail.objects.filter(alert__key=key).update(state=state, done_at=now - timedelta(days=31))
    AlertMail.objects.filter(alert__key="d").update(done_at=now)

    prune_everything(now)

    assert set(AlertMail.objects.values_list("alert__key", flat=True)) == {"b", "c", "d"}


def test_what_must_refuse_a_replay_stays(now):
    StripeEvent.objects.create(
        event_id="evt_1",
        type="invoice.paid",
        livemode=False,
        stripe_created_at=now,
        next_try_at=now,
        state="done",
        done_at=now - timedelta(days=400),
    )

    prune_everything(now)

    assert StripeEvent.objects.exists()


def test_ended_sessions_and_windows_go(now):
    for key, until in (("old", now - timedelta(seconds=1)), ("new", now + timedelta(days=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=until)
        LimitCount.objects.create(subject=key, window_ends_at=until)

    prune_everything(now)

    assert list(Session.objects.values_list("pk", flat=True)) == ["new"]
    assert list(LimitCount.objects.values_list("subject", flat=True)) == ["new"]


def test_touches_of_the_support_funnel_go_after_their_months(now, settings):
    settings.SUPPORT_INTERACTION_MONTHS = 1
    person = Person.objects.create()
    for days in (20, 40):
        DonationInteraction.objects.create(
            person=person, interaction_type="page_viewed", created_at=now - timedelta(days=days)
        )

    prune_everything(now)

    assert DonationInteraction.objects.get().created_at == now - timedelta(days=20)


@pytest.fixture
def events(now):
    """Five events, thirty days apart and a second old, the latest now."""
    kind = EventType.objects.create(name="x.happened", meaning="Something happened.")
    person = Person.objects.create()
    for month in range(5):
        at = now - timedelta(days=31 * month, seconds=1)
        Event.objects.create(type=kind, person=person, occurred_at=at, origin=0, key=bytes([month] * 16))


@pytest.mark.usefixtures("events")
def test_events_stay_unless_it_was_said_for_how_long(now):
    prune_everything(now)

    assert Event.objects.count() == 5


@pytest.mark.usefixtures("events")
def test_events_older_than_that_go_in_batches(now, settings, monkeypatch):
    settings.EVENT_RETENTION_MONTHS = 2
    SegmentWatermark.objects.update_or_create(defaults={"needs_full": False})
    monkeypatch.setattr(pruning, "BATCH", 1)

    assert prune_everything(now) == 3
    assert Event.objects.count() == 2
    assert SegmentWatermark.objects.get().needs_full


@pytest.mark.parametrize(
    ("at", "months", "then"),
    [("2026-03-31", 1, "2026-02-28"), ("2028-03-30", 1, "2028-02-29"), ("2026-01-15", 13, "2024-12-15")],
)
def test_months_are_of_the_calendar(settings, at, months, then):
    settings.EVENT_RETENTION_MONTHS = months

    assert kept_since(datetime.fromisoformat(at).replace(tzinfo=UTC)) == datetime.fromisoformat(then).replace(
        tzinfo=UTC
    )
