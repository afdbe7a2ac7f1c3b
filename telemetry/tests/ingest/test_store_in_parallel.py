"""Batches that meet: each other, or an erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from random import Random
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import Error, connection

from telemetry.log.ingest import store
from telemetry.log.models import Event, Origin, Project
from telemetry.people.erasure import erase
from telemetry.people.models import Person, PersonAlias
from telemetry.tests.ingest.conftest import NOW, an_item
from telemetry.tests.invariants import assert_invariants

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6
BATCH = 300


def together(calls: Iterable[Callable[[], Any]]) -> list[Any]:
    """Run the calls at the same moment, each on a connection of its own; an error is its answer."""
    calls = list(calls)
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return call()
        except Error as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def overlapping_batches(round_: int) -> list[Any]:
    """The same events, each time in another order; their people and projects are new in the first round."""
    items = [
        an_item(id=f"{round_}/{number}", user=f"user {number % 70}", project=f"project {number % 30}")
        for number in range(BATCH)
    ]
    return [Random(thread).sample(items, BATCH) for thread in range(THREADS)]


def stored_together(round_: int) -> list[Any]:
    batches = overlapping_batches(round_)
    return together(
        [lambda batch=batch: store(batch, origin=Origin.API, now=NOW) for batch in batches]  # type: ignore[misc]
    )


def test_overlapping_batches_in_any_order_are_stored_once_and_never_deadlock(monkeypatch):
    monkeypatch.setattr("telemetry.log._store.ATTEMPTS", 1)  # so that a second attempt hides nothing
    rounds = 5

    for round_ in range(rounds):
        verdicts = stored_together(round_)

        assert not [answer for answer in verdicts if isinstance(answer, Error)]
        assert sum(answer.accepted for answer in verdicts) == BATCH
        assert sum(answer.duplicates for answer in verdicts) == BATCH * (THREADS - 1)

    assert Event.objects.count() == BATCH * rounds
    assert (Person.objects.count(), PersonAlias.objects.count()) == (70, 70)
    assert Project.objects.count() == 30
    assert_invariants(NOW)


def stored_while_erased(round_: int) -> list[Any]:
    """A batch for somebody, and the erasure of the same person, at one moment."""
    user, erased_at = f"user {round_}", NOW + timedelta(days=1)
    store([an_item(id=f"first {round_}", user=user)], origin=Origin.API, now=NOW)
    person = Person.objects.get(aliases__value=user)
    batch = [an_item(id=f"{round_}/{number}", user=user) for number in range(50)]
    return together(
        [
            lambda: store(batch, origin=Origin.API, now=NOW),
            lambda: erase(person, at=erased_at),
        ]
    )


def test_no_event_of_a_person_survives_their_erasure_at_the_same_moment():
    for round_ in range(12):
        verdicts, erased = stored_while_erased(round_)

        assert erased is True
        assert verdicts.accepted == 50 or {one.code for one in verdicts.rejected} == {"erased"}
        assert not Event.objects.exists()
        assert not Person.objects.exists()
    assert_invariants(NOW)


@pytest.mark.guard
def test_without_tombstones_an_erased_person_comes_back(monkeypatch):
    monkeypatch.setattr("telemetry.log._store._erased", lambda _facts, _since: ())
    store([an_item()], origin=Origin.API, now=NOW)
    erase(Person.objects.get(), at=NOW)

    store([an_item()], origin=Origin.API, now=NOW)

    assert Event.objects.exists()


if settings.POSTGRESQL:  # SQLite has one writer at a time: there is no order to lose.

    @pytest.mark.guard
    def test_without_the_order_of_the_unique_key_overlapping_batches_deadlock(monkeypatch):
        ordered = import_module("telemetry.log._store_sql").statements()
        unordered = replace(ordered, events=ordered.events.replace("ORDER BY key, id", ""))
        monkeypatch.setattr("telemetry.log._store.statements", lambda: unordered)
        monkeypatch.setattr("telemetry.log._store.ATTEMPTS", 1)

        assert any(
            "deadlock detected" in str(answer) for round_ in range(40) for answer in stored_together(round_)
        )
