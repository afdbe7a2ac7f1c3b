"""The doorbell."""

import socket
from time import monotonic

import pytest
from celery import current_app

from telemetry.operations.bell import Doorbell


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
        assert seconds_to_ring(broker(f"redis://127.0.0.1:{nobody.getsockname()[1]}/0")) < 1


def test_a_broker_that_says_nothing_costs_less_than_a_second_and_then_nothing(broker):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        bell = broker(f"redis://127.0.0.1:{mute.getsockname()[1]}/0")

        assert seconds_to_ring(bell) < 1
        assert seconds_to_ring(bell) < 0.05
