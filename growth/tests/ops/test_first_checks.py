"""What is wrong with the vocabulary stops the whole house, and not only a command that is typed."""

import socket
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from growth.parent import Parent
from telemetry.log.events import TrackedEvent
from telemetry.tests.vocabulary.conftest import scratch  # noqa: F401 - a fixture


@pytest.mark.django_db
def test_it_does_not_start_with_an_event_that_may_not_be(monkeypatch, scratch):  # noqa: F811
    @dataclass(frozen=True)
    class Told(TrackedEvent, name="scratch.told"):
        """Somebody told."""

        user_email: str

    started = []
    monkeypatch.setattr(Parent, "run", lambda parent, _ready: started.append(parent))
    with socket.socket() as free:
        free.bind((settings.HOST, 0))
        port = free.getsockname()[1]

    with pytest.raises(SystemCheckError, match="E003"):
        call_command("up", port=port)
    assert started == []
