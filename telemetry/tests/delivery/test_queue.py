"""The queue keeps within its bounds, loses nothing, and lets nobody leave who said no."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from telemetry import tasks
from telemetry.consent.answers import withdraw
from telemetry.consent.models import ConsentRecord, Source
from telemetry.delivery import otlp
from telemetry.delivery.drain import Batch, claim
from telemetry.delivery.models import Delivery, Layer
from telemetry.delivery.status import status
from telemetry.log.product_events import TimerStarted
from telemetry.log.track import track
from telemetry.models import Heartbeat
from telemetry.operations.pending import LEASE
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.signals import person_claimed
from telemetry.tests.delivery.collector import Answer
from telemetry.tests.delivery.conftest import (
    DAY,
    NOW,
    after_the_first_body,
    assert_balance,
    dropped,
    send,
)

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def delivered():
    """How many records of the detailed layer were delivered."""
    return status(NOW).of(Layer.DETAILED).delivered


# ── Who may leave ─────────────────────────────────────────────────────────────────────────────────────


def test_tracking_queues_exactly_one_record_and_the_sink_gets_it(collector, person, installation, rings):
    with time_machine.travel(NOW, tick=False):
        assert track(person(), TimerStarted(source="web"), at=NOW)
    assert collector.connections == 0

    send()

    [record] = collector.records()
    assert (record["eventName"], record["source"]) == ("timer.started", "web")
    assert record["install_id"] == str(installation.install_id)


def test_without_a_yes_nothing_is_queued(collector, installation):
    track(Person.objects.create(), TimerStarted(), at=NOW)

    assert not Delivery.objects.exists()


def inserts(queries):
    """The rows' tables that were inserted into."""
    return [
        query["sql"].split('"')[1] for query in queries if query["sql"].lstrip().startswith('INSERT INTO "')
    ]


@pytest.mark.parametrize(("layer_is_on", "ours"), [(True, ["telemetry_delivery"]), (False, [])])
def test_tracking_costs_one_insert_of_ours_and_none_when_the_layer_is_off(
    collector, person, installation, settings, layer_is_on, ours
):
    settings.TELEMETRY_DETAILED = layer_is_on
    someone = person()
    track(someone, TimerStarted(), at=NOW)

    with CaptureQueriesContext(connection) as queries:
        track(someone, TimerStarted(), at=NOW)

    assert inserts(queries.captured_queries) == ours
    assert collector.connections == 0


def test_a_sink_that_never_answers_is_given_up_in_time_and_asked_again(collector, person, queue, monkeypatch):
    collector.answering.clear()
    queue(person(), 3)

    with monkeypatch.context() as hasty:
        hasty.setattr(otlp, "PATIENCE", (0.2, 0.2))
        send()

    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 1)}
    collector.answering.set()
    send(NOW + 20 * MINUTE)
    assert not Delivery.objects.pending().exists()


def test_withdrawing_with_a_thousand_queued_lets_none_leave(collector, person, queue):
    someone, other = person(), person()
    queue(someone, 1000)
    queue(other, 1)

    withdraw(someone, source=Source.SETTINGS, at=NOW)

    assert dropped() == {"consent_withdrawn": 1000}
    assert_balance()
    send()
    assert len(collector.records()) == 1


def test_consent_is_asked_again_when_a_record_is_claimed(collector, person, queue):
    someone, other = person(), person()
    queue(someone, 3)
    queue(other, 1)
    # A no that nobody told the queue of.
    ConsentRecord.objects.create(
        person=someone, granted=False, text_version="x", source=Source.SETTINGS, at=NOW
    )

    send()

    assert dropped() == {"consent_withdrawn": 3}
    assert len(collector.records()) == 1


def test_a_no_while_one_body_is_on_its_way_keeps_the_next_one_here(collector, person, queue, monkeypatch):
    someone, other = person(), person()
    queue(other, 1)
    queue(someone, 2)
    queue(other, 1)
    after_the_first_body(monkeypatch, lambda: withdraw(someone, source=Source.SETTINGS, at=NOW))

    send()

    assert len(collector.records()) == 2
    assert dropped() == {"consent_withdrawn": 2}
    assert_balance()


def test_what_is_queued_late_by_who_saw_the_layer_on_stays_when_it_is_switched_off_meanwhile(
    collector, switched_off_after_the_first_body
):
    send()

    assert len(collector.records()) == 1
    # The one on its way as well: its row went before it could be settled.
    assert dropped() == {"switched_off": 3 + 2}
    assert_balance()


def test_nothing_of_somebody_erased_leaves(collector, person, queue):
    someone = person()
    queue(someone, 4)

    erase(someone, at=NOW)

    assert dropped() == {"erased": 4}
    assert_balance()


def test_what_a_visitor_did_waits_for_the_account(person, queue, installation):
    visitor, account = person(), person()
    queue(visitor, 2)

    person_claimed.send(sender=Person, source=visitor, target=account, at=NOW)

    assert set(Delivery.objects.values_list("person", flat=True)) == {account.pk}


def test_the_database_refuses_a_detailed_record_without_consent(person, installation):
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(
            layer="detailed", name="a.b", occurred_at=NOW, person=person(), next_try_at=NOW
        )


def test_the_database_refuses_a_base_record_of_a_person(person, installation):
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(layer="base", name="a.b", occurred_at=NOW, person=person(), next_try_at=NOW)


# ── Bounds ────────────────────────────────────────────────────────────────────────────────────────────


def test_beyond_so_many_rows_the_oldest_goes_first(collector, person, queue, settings):
    settings.TELEMETRY_QUEUE_ROWS = 10
    collector.answer = Answer(503)
    queue(person(), 25)

    send()

    assert dropped() == {"queue_full": 15}
    kept = sorted(row.attributes["number"] for row in Delivery.objects.all())
    assert kept == list(range(15, 25))


def test_after_so_many_days_a_record_goes(collector, person, queue, settings):
    settings.TELEMETRY_QUEUE_DAYS = 2
    collector.answer = Answer(503)
    someone = person(NOW - 9 * DAY)
    queue(someone, 3, at=NOW - 2 * DAY - MINUTE)
    queue(someone, 2, at=NOW - 2 * DAY + MINUTE)

    send()

    assert dropped() == {"too_old": 3}
    assert Delivery.objects.count() == 2


def test_a_sink_offline_for_three_days_stays_within_bounds_and_then_gets_all_that_waits_once(
    collector, person, queue, settings
):
    settings.TELEMETRY_QUEUE_ROWS = 60
    someone = person()
    collector.answer = Answer(503)
    at = NOW
    for _ in range(3 * 24):
        queue(someone, 2, at=at)
        send(at)
        assert Delivery.objects.count() <= 60
        at += HOUR

    collector.answer = Answer()
    waiting = {str(record_id) for record_id in Delivery.objects.values_list("record_id", flat=True)}
    send(at)

    assert sorted(record["record_id"] for record in collector.records()) == sorted(waiting)
    assert (len(waiting), dropped()) == (60, {"queue_full": 84})
    assert not Delivery.objects.exists()


# ── Claims ────────────────────────────────────────────────────────────────────────────────────────────


def claimed(at) -> Batch:
    """What a worker takes at that moment."""
    batch = claim(at)
    assert batch is not None
    return batch


def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(collector, person, queue):
    queue(person(), 3)

    batch = claimed(NOW)
    assert len(batch.rows) == 3
    assert claim(NOW + LEASE / 2) is None

    again = claimed(NOW + LEASE)
    assert [row.pk for row in again.rows] == [row.pk for row in batch.rows]


def test_who_lost_the_claim_settles_nothing(collector, person, queue):
    queue(person(), 3)
    first = claimed(NOW)
    second = claimed(NOW + LEASE)

    assert first.held(first.rows).drop("rejected") == 0
    assert second.held(second.rows).drop("rejected") == 3
    assert_balance()


def test_a_drain_is_rung_again_when_the_lease_of_another_ends(collector, person, queue, rings):
    queue(person())
    claim(NOW)
    rings.clear()

    send()

    assert [(task, after > LEASE * 0.9) for task, after in rings] == [("telemetry.tasks.deliver", True)]


def test_after_a_failure_the_drain_is_rung_when_the_pause_ends(
    collector, person, queue, rings, django_capture_on_commit_callbacks
):
    collector.answer = Answer(503, {"Retry-After": "60"})
    queue(person())
    rings.clear()

    with django_capture_on_commit_callbacks(execute=True):
        send()

    assert [after for _task, after in rings] == [timedelta(seconds=61)]


def test_queueing_rings_after_the_commit(person, queue, rings, django_capture_on_commit_callbacks):
    someone = person()
    with django_capture_on_commit_callbacks() as waiting:
        queue(someone)

    assert rings == []
    assert len(waiting) == 1


def test_the_task_drains_and_beats(collector, person, queue):
    queue(person(), 2)

    with time_machine.travel(NOW, tick=False):
        tasks.deliver()

    assert delivered() == 2
    assert Heartbeat.objects.get(job="telemetry.deliver").runs == 1


def test_a_drain_says_when(installation):
    with pytest.raises(ValueError, match="Say when"):
        Delivery.objects.all().drain()


def test_the_status_tells_the_age_of_the_queue(collector, person, queue):
    queue(person(), 2, at=NOW - HOUR)
    queue(person(), 1)

    now = status(NOW)

    assert (now.pending, now.waiting_since) == (3, NOW - HOUR)
    assert (now.of(Layer.DETAILED).queued, now.of(Layer.DETAILED).pending) == (3, 3)
    assert not now.paused


def test_a_sink_that_hangs_is_not_waited_for_by_whoever_tracks(collector, person, installation, rings):
    collector.answering.clear()

    track(person(), TimerStarted(), at=NOW)

    assert collector.connections == 0
    assert Delivery.objects.count() == 1
