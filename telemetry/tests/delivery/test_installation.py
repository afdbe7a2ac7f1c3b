"""One identity, a first sign of life, a daily one, and the switch of the detailed layer."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from telemetry import tasks
from telemetry.delivery.installation import (
    LockedByEnvironment,
    queue_first_seen,
    queue_heartbeat,
    queue_test_record,
    switch_detailed,
    the_installation,
)
from telemetry.delivery.models import Delivery, Installation, Layer
from telemetry.delivery.status import status
from telemetry.log.outlets import Leaving, pass_on
from telemetry.models import AuditEntry, Slot
from telemetry.operations.slots import claim_slot, day_of
from telemetry.tests.delivery.collector import Answer
from telemetry.tests.delivery.conftest import DAY, NOW, assert_balance, dropped, send

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
KEYS = {
    "install_id",
    "app_version",
    "platform",
    "os_version",
    "architecture",
    "locale",
    "timezone",
    "first_seen_at",
    "last_seen_at",
    "heartbeat_at",
    "release_channel",
    "deployment_type",
}


def names(collector):
    """What was taken, by name."""
    return [record["eventName"] for record in collector.records()]


def attributes(record):
    """The attributes alone."""
    return {
        name: value
        for name, value in record.items()
        if name not in ("eventName", "resource", "scope", "record")
    }


@pytest.fixture
def born():
    """An installation of 20 minutes' jitter, since a week; what it said at first is delivered."""
    return Installation.objects.create(
        pk=1, install_id=UUID(int=1200), first_seen_at=NOW - 7 * DAY, first_seen_sent_at=NOW - 7 * DAY
    )


def test_the_installation_keeps_its_identity():
    first = the_installation(NOW)

    assert the_installation(NOW + DAY).install_id == first.install_id
    assert the_installation(NOW + DAY).first_seen_at == NOW


def test_there_is_no_second_installation():
    the_installation(NOW)

    for pk in (1, 2):
        with pytest.raises(IntegrityError), transaction.atomic():
            Installation.objects.create(pk=pk, first_seen_at=NOW)


# ── First seen ────────────────────────────────────────────────────────────────────────────────────────


def test_first_seen_is_sent_once_however_often_it_is_queued(collector):
    assert queue_first_seen(NOW)
    assert not queue_first_seen(NOW + MINUTE)
    assert collector.connections == 0

    send(NOW + MINUTE)

    assert names(collector) == ["base_telemetry.first_seen"]
    assert not queue_first_seen(NOW + DAY)
    assert not Delivery.objects.exists()


def test_first_seen_is_marked_only_when_it_was_delivered(collector):
    collector.answers = [Answer(503)]
    queue_first_seen(NOW)
    send(NOW)
    assert Installation.objects.get().first_seen_sent_at is None

    send(NOW + MINUTE)

    assert Installation.objects.get().first_seen_sent_at >= NOW + MINUTE


@pytest.mark.parametrize("answer", [Answer(400), Answer(rejected=1)])
def test_first_seen_that_the_sink_did_not_take_is_queued_again_at_the_next_occasion(collector, answer):
    collector.answers = [answer]
    queue_first_seen(NOW)
    send(NOW)
    assert Installation.objects.get().first_seen_sent_at is None
    assert not Delivery.objects.exists()

    queue_heartbeat(NOW + DAY)
    send(NOW + DAY)

    assert sorted(names(collector)[-2:]) == ["base_telemetry.first_seen", "base_telemetry.heartbeat"]
    assert Installation.objects.get().first_seen_sent_at


@pytest.mark.parametrize("start", ["worker_ready", "beat_init"])
def test_a_worker_and_beat_queue_it_when_they_start(collector, start, monkeypatch):
    from celery import signals

    monkeypatch.setattr(connection, "close", lambda: None)  # the test's transaction goes on
    getattr(signals, start).send(sender=None)

    assert Delivery.objects.get().name == "base_telemetry.first_seen"
    assert collector.connections == 0


# ── The heartbeat ─────────────────────────────────────────────────────────────────────────────────────


def test_a_heartbeat_carries_exactly_the_schema(collector, born):
    queue_heartbeat(NOW)
    send()

    [record] = collector.records()
    assert attributes(record).keys() == KEYS
    assert record["install_id"] == str(born.install_id)
    assert record["resource"]["service.instance.id"] == str(born.install_id)


def test_two_beats_send_one_heartbeat(collector, born):
    assert queue_heartbeat(NOW)
    assert not queue_heartbeat(NOW)
    assert not queue_heartbeat(NOW + HOUR)

    assert Delivery.objects.count() == 1


def test_the_moment_is_three_o_clock_and_up_to_an_hour_of_its_own(collector, born):
    three = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
    claim_slot("telemetry.heartbeat", day_of(three - DAY), three)

    assert not queue_heartbeat(three + MINUTE * 19)
    assert queue_heartbeat(three + MINUTE * 21)

    installation = Installation.objects.get()
    assert installation.heartbeat_at == three + MINUTE * 20
    assert not installation.heartbeat_was_late


@pytest.mark.parametrize("install_id", [0, 3599, 3600, 2**128 - 1])
def test_no_jitter_is_longer_than_an_hour(collector, install_id):
    Installation.objects.create(pk=1, install_id=UUID(int=install_id), first_seen_at=NOW - 7 * DAY)

    queue_heartbeat(NOW)

    jitter = Installation.objects.get().heartbeat_at - datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
    assert timedelta(0) <= jitter < HOUR


def test_the_hour_is_that_of_the_project(collector, born, settings):
    settings.TIME_ZONE = "America/New_York"

    queue_heartbeat(NOW)  # seven in the morning there

    at = datetime(2026, 3, 4, 3, 20, tzinfo=ZoneInfo("America/New_York"))
    assert Installation.objects.get().heartbeat_at == at


def test_beat_down_from_two_to_eight_sends_one_heartbeat_marked_late(collector, born):
    claim_slot("telemetry.heartbeat", day_of(NOW - DAY), NOW - DAY)
    for minutes in range(0, 24 * 60, 5):
        at = datetime(2026, 3, 4, tzinfo=UTC) + MINUTE * minutes
        if not 2 <= at.hour < 8:
            with time_machine.travel(at, tick=False):
                tasks.queue_the_heartbeat()

    [row] = Delivery.objects.all()
    assert row.attributes["heartbeat_at"] == "2026-03-04T03:20:00+00:00"
    assert row.attributes["last_seen_at"] == "2026-03-04T08:00:00+00:00"
    assert Installation.objects.get().heartbeat_was_late


def test_days_asleep_are_caught_up_with_the_last_heartbeat_alone(collector, born):
    at = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)

    assert queue_heartbeat(at)
    assert not queue_heartbeat(at + HOUR)
    assert queue_heartbeat(at + HOUR * 3)

    planned = list(Delivery.objects.order_by("pk").values_list("attributes__heartbeat_at", flat=True))
    assert planned == ["2026-03-03T03:20:00+00:00", "2026-03-04T03:20:00+00:00"]


def test_no_heartbeat_is_caught_up_from_before_the_installation(collector):
    the_installation(NOW)

    assert not queue_heartbeat(NOW)
    assert queue_heartbeat(NOW + DAY)


def test_the_command_queues_todays_once(collector, capsys):
    the_installation(NOW - 2 * DAY)
    with time_machine.travel(NOW.replace(hour=1), tick=False):
        claim_slot("telemetry.heartbeat", day_of(NOW - DAY), NOW)
        call_command("send_heartbeat")
        call_command("send_heartbeat")
    with time_machine.travel(NOW, tick=False):
        tasks.queue_the_heartbeat()
        call_command("send_heartbeat")

    assert Delivery.objects.filter(name="base_telemetry.heartbeat").count() == 1
    assert Slot.objects.filter(job="telemetry.heartbeat", slot=day_of(NOW)).count() == 1
    assert capsys.readouterr().out.splitlines() == [
        "Queued today's heartbeat.",
        "Today's heartbeat was queued before.",
        "Today's heartbeat was queued before.",
    ]


def test_the_command_says_when_nothing_can_be_sent(settings, capsys):
    settings.TELEMETRY_SINK = ""

    call_command("send_heartbeat")

    assert "there is no sink" in capsys.readouterr().out


# ── The switch ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def staff():
    """Somebody who switches."""
    return get_user_model().objects.create_user("staff@growth.example")


def test_switching_on_queues_one_ping_and_says_who(collector, born, staff):
    assert switch_detailed(True, by=staff, at=NOW)
    assert not switch_detailed(True, by=None, at=NOW + MINUTE)
    send(NOW + MINUTE)

    installation = Installation.objects.get()
    assert names(collector) == ["base_telemetry.opted_in"]
    assert (installation.detailed_enabled, installation.switched_at) == (True, NOW)
    assert installation.switched_by == staff
    assert installation.optin_ping_sent_at
    assert AuditEntry.objects.get().actor == staff


def test_switching_off_drops_what_is_queued_at_once_and_base_goes_on(collector, person, queue, staff):
    queue_first_seen(NOW)
    queue(person(), 7)

    assert switch_detailed(False, by=staff, at=NOW)
    assert not switch_detailed(False, by=staff, at=NOW)

    assert_balance()
    assert dropped() == {"switched_off": 7}
    send()
    assert names(collector) == ["base_telemetry.first_seen"]


def leaving(person):
    """An event that may leave."""
    consent = person.consents.latest("at", "id")
    return [Leaving(1, "timer.started", person.pk, NOW, {"source": "web"}, consent.pk)]


def test_only_when_the_layer_is_on_is_anything_detailed_queued(collector, person, born):
    someone = person()
    pass_on(leaving(someone))
    assert not Delivery.objects.detailed().exists()

    switch_detailed(True, by=None, at=NOW)
    pass_on(leaving(someone))
    assert Delivery.objects.detailed().count() == 1


def test_what_was_queued_while_the_switch_went_off_is_dropped_at_the_next_drain(collector, person, queue):
    queue(person())
    Installation.objects.update(detailed_enabled=False)

    send()

    assert dropped() == {"switched_off": 1}
    assert collector.connections == 0


@pytest.mark.parametrize("lock", [True, False])
def test_the_environment_locks_the_switch(collector, person, born, settings, lock):
    settings.TELEMETRY_DETAILED = lock
    Installation.objects.update(detailed_enabled=not lock)

    for on in (True, False):
        with pytest.raises(LockedByEnvironment, match="TELEMETRY_DETAILED"):
            switch_detailed(on, by=None, at=NOW)
    pass_on(leaving(person()))

    detailed = status(NOW).of(Layer.DETAILED)
    assert (detailed.on, detailed.locked_by) == (lock, "TELEMETRY_DETAILED")
    assert Delivery.objects.detailed().exists() is lock


def test_disabled_means_no_row_and_no_connection(collector, person, queue, settings):
    queue(person(), 3)
    queue_first_seen(NOW)
    settings.TELEMETRY_DISABLED = True

    assert not queue_first_seen(NOW)
    assert not queue_heartbeat(NOW)
    assert not queue_test_record(NOW)
    pass_on(leaving(person()))
    with pytest.raises(LockedByEnvironment, match="TELEMETRY_DISABLED"):
        switch_detailed(True, by=None, at=NOW)
    send()

    assert not Delivery.objects.exists()
    assert collector.connections == 0
    assert dropped() == {"disabled": 3}
    now = status(NOW)
    assert (now.disabled, now.of(Layer.BASE).on, now.of(Layer.DETAILED).on) == (True, False, False)
    assert {layer.locked_by for layer in now.layers} == {"TELEMETRY_DISABLED"}


def test_without_a_sink_nothing_is_queued(settings, person, rings):
    settings.TELEMETRY_SINK = ""
    the_installation(NOW - 2 * DAY)
    switch_detailed(True, by=None, at=NOW)

    assert not queue_first_seen(NOW)
    assert not queue_heartbeat(NOW)
    pass_on(leaving(person()))

    assert not Delivery.objects.exists()
    detailed = status(NOW).of(Layer.DETAILED)
    assert (detailed.wanted, detailed.on) == (True, False)


def test_a_test_record_reaches_the_sink(collector, born):
    assert queue_test_record(NOW)
    send()

    assert names(collector) == ["base_telemetry.test"]


def test_an_extra_key_of_the_base_layer_cannot_leave(collector, born, caplog):
    queue_heartbeat(NOW)
    row = Delivery.objects.get()
    row.attributes |= {"hostname": "db1.internal", "locale": {"nested": "canary"}}
    row.save()

    send()

    [record] = collector.records()
    assert attributes(record).keys() == KEYS - {"locale"}
    assert b"db1" not in collector.posts[0][2]
    assert b"canary" not in collector.posts[0][2]
    assert "not in the base schema" in caplog.text
