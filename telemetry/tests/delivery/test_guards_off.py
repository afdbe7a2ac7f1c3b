"""Each guard of delivery is switched off, and the fault it keeps away must show."""

from datetime import timedelta

import pytest

from telemetry.consent.answers import withdraw
from telemetry.consent.models import ConsentRecord, Source
from telemetry.delivery import drain, exporting, resting
from telemetry.delivery.drain import Batch, claim
from telemetry.delivery.installation import queue_heartbeat
from telemetry.delivery.models import Delivery
from telemetry.operations.pending import LEASE
from telemetry.tests.delivery.collector import Answer
from telemetry.tests.delivery.conftest import DAY, NOW, after_the_first_body, send

pytestmark = [pytest.mark.guard, pytest.mark.django_db]


def test_without_the_mark_of_the_claim_who_lost_it_settles_too(collector, person, queue, monkeypatch):
    queue(person(), 3)
    first = claim(NOW)
    assert first is not None
    assert claim(NOW + LEASE) is not None

    monkeypatch.setattr(
        Batch, "held", lambda batch, rows: Delivery.objects.filter(pk__in=[row.pk for row in rows])
    )

    assert first.held(first.rows).drop("rejected") == 3


def test_without_asking_again_what_was_withdrawn_leaves(collector, person, queue, monkeypatch):
    someone = person()
    queue(someone, 2)
    ConsentRecord.objects.create(
        person=someone, granted=False, text_version="x", source=Source.SETTINGS, at=NOW
    )
    monkeypatch.setattr(drain, "valid_consents", lambda people, at: dict.fromkeys(people, 1))

    send()

    assert len(collector.records()) == 2


def test_without_looking_again_before_each_body_what_was_withdrawn_leaves(
    collector, person, queue, monkeypatch
):
    someone, other = person(), person()
    queue(other, 1)
    queue(someone, 2)
    after_the_first_body(monkeypatch, lambda: withdraw(someone, source=Source.SETTINGS, at=NOW))
    monkeypatch.setattr(drain, "_still_held", lambda batch, rows, messages: (rows, messages))

    send()

    assert len(collector.records()) == 3


def test_without_looking_at_the_switch_before_each_body_what_is_queued_late_leaves(
    collector, switched_off_after_the_first_body, monkeypatch
):
    monkeypatch.setattr(drain, "detailed_is_wanted", lambda: True)

    send()

    assert len(collector.records()) == 3


def test_without_the_redactor_personal_data_leaves(collector, person, queue, monkeypatch):
    monkeypatch.setattr(exporting, "redacted", dict)
    queue(person(), attributes={"email": "canary@example.org"})

    send()

    assert b"canary@example.org" in collector.posts[0][2]


def test_without_the_allow_list_an_extra_key_leaves(collector, installation, monkeypatch):
    monkeypatch.setattr(exporting, "allowed", dict)
    queue_heartbeat(NOW + DAY)
    Delivery.objects.update(attributes={"hostname": "db1.internal"})

    send(NOW + DAY)

    assert any(b"db1.internal" in body for _path, _headers, body in collector.posts)


def test_without_the_pause_a_busy_sink_is_asked_at_once(collector, person, queue, monkeypatch):
    collector.answer = Answer(503, {"Retry-After": "600"})
    queue(person())
    monkeypatch.setattr(resting, "rests", lambda sink, now: False)
    monkeypatch.setattr(drain, "LONGEST_DRAIN", timedelta(seconds=2))

    send()

    assert len(collector.posts) > 1
