"""A sink, people who said yes, and records that wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from telemetry.consent.answers import grant
from telemetry.consent.models import Source
from telemetry.delivery import otlp
from telemetry.delivery.installation import switch_detailed, the_installation
from telemetry.delivery.models import Delivery, Installation, Layer
from telemetry.delivery.otlp import Outcome, Sink
from telemetry.delivery.status import status
from telemetry.operations.bell import doorbell
from telemetry.people.models import Person
from telemetry.tests.delivery.collector import Collector

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, timedelta]]:
    """What was rung instead of a broker's bell, and after how long."""
    heard: list[tuple[str, timedelta]] = []

    def hear(task: str, after: timedelta = timedelta(0)) -> bool:
        heard.append((task, after))
        return True

    monkeypatch.setattr(doorbell, "ring", hear)
    return heard


@pytest.fixture
def collector(settings: Any, rings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector, named by the settings as the sink; no random pause after a failure is next to nothing."""
    monkeypatch.setattr("telemetry.delivery._retry_after._random", Random(7))
    collector = Collector()
    settings.TELEMETRY_SINK = collector.url
    settings.TELEMETRY_SINK_HEADERS = {"authorization": "Bearer t"}
    yield collector
    collector.close()


@pytest.fixture
def installation(db: Any) -> Installation:
    """This installation, since a day, with the detailed layer on."""
    the_installation(NOW - DAY)
    Installation.objects.update(detailed_enabled=True)
    return Installation.objects.get()


@pytest.fixture
def person(db: Any) -> Callable[..., Person]:
    """Make somebody who said yes a day ago."""

    def make(at: datetime = NOW - DAY) -> Person:
        person = Person.objects.create()
        grant(person, source=Source.SETTINGS, at=at)
        return person

    return make


@pytest.fixture
def queue(installation: Installation) -> Callable[..., list[Delivery]]:
    """Queue so many records of the detailed layer for somebody, at NOW."""

    def make(
        of: Person, number: int = 1, at: datetime = NOW, attributes: dict[str, Any] | None = None
    ) -> list[Delivery]:
        consent = of.consents.latest("at", "id")
        rows = [
            Delivery(
                layer=Layer.DETAILED,
                name="timer.started",
                occurred_at=at,
                attributes={"number": n} | (attributes or {}),
                person=of,
                consent=consent,
                next_try_at=at,
            )
            for n in range(number)
        ]
        Delivery.objects.put(rows)
        return rows

    return make


def assert_balance(now: datetime = NOW) -> None:
    """Each queued record was delivered, was dropped, or waits."""
    assert all(layer.balances for layer in status(now).layers)


def dropped(layer: Layer = Layer.DETAILED) -> dict[str, int]:
    """What was dropped, by reason."""
    return dict(status(NOW).of(layer).dropped)


def send(at: datetime = NOW) -> None:
    """One drain."""
    Delivery.objects.due(at).drain()
    assert_balance(at)


def after_the_first_body(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Send a record a body, and let this happen while the first is on its way."""
    send_body = Sink.send
    once = iter([happens])

    def send_and_let_it_happen(sink: Sink, *body: Any) -> Outcome:
        outcome = send_body(sink, *body)
        next(once, lambda: None)()
        return outcome

    monkeypatch.setattr(Sink, "send", send_and_let_it_happen)
    monkeypatch.setattr(otlp, "MOST_BYTES", 1)


@pytest.fixture
def switched_off_after_the_first_body(
    person: Callable[..., Person], queue: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three records wait. While the first is on its way the layer is switched off, and two more come late."""
    someone = person()
    queue(someone, 3)

    def switch_off_and_queue() -> None:
        switch_detailed(False, by=None, at=NOW)
        queue(someone, 2)

    after_the_first_body(monkeypatch, switch_off_and_queue)
