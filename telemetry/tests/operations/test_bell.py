"""The doorbell."""

import socket
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
import time_machine
from celery import current_app
from hypothesis import HealthCheck, given, settings, strategies as st
from kombu.transport.memory import Channel

from telemetry.operations.bell import BREATH, Doorbell

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MICRO = timedelta(microseconds=2)  # what becomes of a float on its way into a message


@pytest.fixture
def broker(monkeypatch):
    """Name another broker."""

    def use(url):
        monkeypatch.setitem(current_app.conf, "broker_url", url)
        monkeypatch.setitem(current_app.conf, "broker_write_url", url)
        return Doorbell()

    return use


def seconds_to_ring(bell):
    """How long a refused ring takes."""
    started = monotonic()
    assert bell.ring("telemetry.tasks.send_alert_mails") is False
    return monotonic() - started


def test_a_refused_ring_gives_up_within_a_second(broker):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
        seconds_to_ring(broker(address))  # the first one loads the transport
        assert seconds_to_ring(broker(address)) < 1


def test_a_broker_that_says_nothing_costs_less_than_a_second_and_then_nothing(broker, monkeypatch):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        address = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        seconds_to_ring(broker(address))  # the first one loads the transport
        bell = broker(address)

        assert seconds_to_ring(bell) < 1
        monkeypatch.setattr(current_app, "connection_for_write", None)  # it is not even tried
        assert bell.ring("telemetry.tasks.send_alert_mails") is False


@pytest.fixture
def memory(broker, monkeypatch):
    """A bell whose broker is the memory of this process."""
    monkeypatch.setattr(Channel, "queues", {})
    return broker("memory://")


def waiting():
    """When each ring that the broker has is to be heard, in their order; None is at once."""
    with current_app.connection_for_write() as connection, connection.SimpleQueue("celery") as queue:
        etas = [queue.get_nowait().headers["eta"] for _ in range(queue.qsize())]
    return [eta and datetime.fromisoformat(eta) for eta in etas]


@given(pauses=st.lists(st.floats(0, 2 * BREATH), min_size=1, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_each_ring_is_heard_within_a_breath_and_at_most_two_in_one(memory, monkeypatch, pauses):
    bell, elapsed, rung, heard = Doorbell(), 0.0, [], []
    monkeypatch.setattr("telemetry.operations.bell.monotonic", lambda: elapsed)
    with time_machine.travel(NOON, tick=False) as clock:
        for pause in pauses:
            elapsed += pause
            clock.move_to(NOON + timedelta(seconds=elapsed))
            rung.append(datetime.now(UTC))
            assert bell.ring("telemetry.tasks.send_alert_mails")
            heard += [eta or rung[-1] for eta in waiting()]

    breath = timedelta(seconds=BREATH)
    for at in rung:
        assert any(at - MICRO <= each <= at + breath + MICRO for each in heard)
        assert sum(at <= each < at + breath - MICRO for each in heard) <= 2


def test_each_task_has_a_breath_of_its_own(memory):
    memory.ring("telemetry.tasks.send_alert_mails")
    memory.ring("telemetry.tasks.deliver")

    assert waiting() == [None, None]


def test_a_ring_that_nobody_heard_takes_no_breath(broker, memory, monkeypatch):
    bell = broker("redis://127.0.0.1:1/0")
    assert not bell.ring("telemetry.tasks.send_alert_mails")
    broker("memory://")
    bell.silent_until = 0.0

    assert bell.ring("telemetry.tasks.send_alert_mails")
    assert waiting() == [None]
