"""How an experiment moves."""

import pytest
from django.db import IntegrityError, transaction

from telemetry.experiments.arms import arm_of
from telemetry.experiments.models import Assignment, Experiment, NotReady
from telemetry.people.models import Person
from telemetry.tests.experiments.conftest import ARMS, DAY, NOON

State = Experiment.State


def weights(experiment):
    """The phases of an experiment, and what the arms weighed in each."""
    return dict(experiment.phases.values_list("number", "weights"))


def test_what_is_shipped_is_a_draft_of_equal_arms(experiment):
    assert experiment.state == State.DRAFT
    assert list(experiment.arms.values_list("name", "weight")) == [(name, 1) for name in ARMS]


def test_shipping_again_changes_nothing(experiment):
    experiment.reweigh({"bold": 3}, at=NOON)

    assert not Experiment.objects.ship("greeting", "Another name", ["one", "two"])

    assert list(experiment.arms.values_list("weight", flat=True)) == [1, 3, 1]


def test_each_has_a_salt_of_its_own(experiment):
    Experiment.objects.ship("farewell", "How people are let go", ARMS)

    assert len(set(Experiment.objects.values_list("salt", flat=True))) == Experiment.objects.count()


def test_it_starts_once(experiment):
    assert experiment.start(at=NOON)
    assert not experiment.start(at=NOON + DAY)

    assert (experiment.state, experiment.phase, experiment.started_at) == (State.RUNNING, 1, NOON)
    assert weights(experiment) == {1: {"control": 1, "bold": 1, "quiet": 1}}


def test_one_arm_alone_is_no_experiment(experiment):
    experiment.arms.exclude(name="bold").update(weight=0)

    with pytest.raises(NotReady):
        experiment.start(at=NOON)

    assert Experiment.objects.get(pk=experiment.pk).state == State.DRAFT


def test_started_again_it_is_in_a_new_phase_and_began_when_it_first_did(running):
    running.stop(at=NOON)

    assert running.start(at=NOON + DAY)

    assert (running.phase, running.started_at, running.ended_at) == (2, NOON - DAY, None)


def test_weighed_anew_while_it_runs_it_is_in_a_new_phase(running):
    people = [Person.objects.create() for _ in range(9)]
    before = {person.pk: arm_of(person, "greeting", at=NOON) for person in people}

    assert running.reweigh({"control": 0, "bold": 0, "quiet": 1} | {"control": 1}, at=NOON)

    assert weights(running)[2] == {"control": 1, "bold": 0, "quiet": 1}
    assert {person.pk: arm_of(person, "greeting", at=NOON) for person in people} == before
    newcomer = Person.objects.create()
    assert arm_of(newcomer, "greeting", at=NOON) != "bold"
    assert Assignment.objects.get(person=newcomer).phase == 2


def test_the_same_weights_are_no_new_phase(running):
    assert not running.reweigh({"control": 1, "bold": 1}, at=NOON)
    assert running.phase == 1


def test_a_draft_weighed_anew_stays_one(experiment):
    assert experiment.reweigh({"bold": 5}, at=NOON)

    assert (experiment.state, weights(experiment)) == (State.DRAFT, {})


def test_weights_that_leave_one_arm_are_refused_and_change_nothing(running):
    with pytest.raises(NotReady):
        running.reweigh({"control": 0, "bold": 0}, at=NOON)

    assert list(running.arms.values_list("weight", flat=True)) == [1, 1, 1]


def test_a_draft_neither_stops_nor_rolls_out(experiment):
    assert not experiment.stop(at=NOON)
    assert not experiment.roll_out(experiment.arms.first(), at=NOON)
    assert experiment.state == State.DRAFT


def test_it_rolls_out_to_one_arm_after_another(running):
    control, bold, _quiet = running.arms.all()

    assert running.roll_out(bold, at=NOON)
    assert not running.roll_out(bold, at=NOON)
    assert running.roll_out(control, at=NOON)
    assert (running.state, running.rolled_out_to) == (State.ROLLED_OUT, control)


def test_stopping_takes_a_roll_out_back(running):
    running.roll_out(running.arms.first(), at=NOON)

    assert running.stop(at=NOON)
    assert not running.stop(at=NOON)
    assert (running.state, running.rolled_out_to) == (State.STOPPED, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "rolled_out"},
        {"state": "paused"},
        {"state": "running", "started_at": None},
        {"state": "draft"},
        {"phase": 0},
    ],
)
def test_the_database_refuses_a_state_without_what_belongs_to_it(running, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Experiment.objects.filter(pk=running.pk).update(**wrong)


def test_the_database_refuses_a_second_arm(running, person):
    arm_of(person, "greeting", at=NOON)

    with pytest.raises(IntegrityError), transaction.atomic():
        running.assignments.create(person=person, arm=running.arms.last(), phase=1, at=NOON)
