"""Two tabs of somebody new ask for their arm at the same instant."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from django.conf import settings
from django.db import connection

from telemetry.experiments import arms
from telemetry.experiments.arms import arm_of, expose
from telemetry.experiments.models import Assignment, Experiment, Exposure
from telemetry.log.models import Event
from telemetry.people.models import Person
from telemetry.tests.experiments.conftest import ARMS, NOON
from telemetry.tests.invariants import assert_invariants

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person():
    """Somebody new, while an experiment runs."""
    Experiment.objects.ship("greeting", "How people are greeted", ARMS)
    Experiment.objects.get(key="greeting").start(at=NOON)
    return Person.objects.create()


def at_once(*calls):
    """What each call answers, run in threads of their own; the exception of one that failed."""
    answers = {}

    def run(index, call):
        try:
            answers[index] = call()
        except Exception as error:
            answers[index] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[index] for index in range(len(calls))]


@pytest.fixture
def look_together(monkeypatch):
    """Let both look before either stores."""
    looked, stored = Barrier(2), arms._stored

    def look(rows):
        found = stored(rows)
        with suppress(BrokenBarrierError):
            looked.wait(timeout=10 if settings.POSTGRESQL else 1)  # SQLite lets one in after the other
        return found

    monkeypatch.setattr(arms, "_stored", look)


def test_both_are_shown_the_one_arm_that_is_stored(person, look_together):
    asked = at_once(*[lambda: arm_of(person, "greeting", at=NOON)] * 2)

    assert asked == [Assignment.objects.get().arm.name] * 2
    assert_invariants(NOON)


def asked_with_other_weights(person):
    """What two are told between whom the weights changed."""

    def with_weights(*weights):
        def ask():
            rows = list(arms._arms_with_that_of(person, "greeting"))
            for row, weight in zip(rows, weights, strict=True):
                row.weight = weight
            return arms._stored(rows) or arms._assign(person, rows, NOON)

        return ask

    return at_once(with_weights(1, 0, 0), with_weights(0, 0, 1))


def test_weights_that_change_meanwhile_part_nobody(person, look_together):
    one, other = asked_with_other_weights(person)

    assert one == other == Assignment.objects.get().arm.name
    assert_invariants(NOON)


def test_a_sight_reported_twice_at_once_is_one(person):
    told = at_once(*[lambda: expose(person, "greeting", "bold", at=NOON)] * 4)

    assert sorted(told) == [False, False, False, True]
    assert Exposure.objects.count() == 1
    assert Event.objects.filter(type__name="experiment.exposed").count() == 1
    assert_invariants(NOON)


if settings.POSTGRESQL:  # SQLite lets one transaction write at a time.

    @pytest.mark.guard
    def test_without_reading_back_two_tabs_may_show_two_arms(person, look_together, monkeypatch):
        """The guard: what is shown is what is stored, not what was drawn."""

        def as_drawn(person, rows, at):
            arm = next(row for row in rows if row.weight)
            given = Assignment(
                experiment=arm.experiment, person=person, arm=arm, phase=arm.experiment.phase, at=at
            )
            Assignment.objects.bulk_create([given], ignore_conflicts=True)
            return arm.name

        monkeypatch.setattr(arms, "_assign", as_drawn)

        assert set(asked_with_other_weights(person)) == {ARMS[0], ARMS[-1]}
