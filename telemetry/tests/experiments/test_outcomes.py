"""What people did after they saw an arm."""

import pytest

from telemetry.experiments.arms import expose
from telemetry.experiments.outcomes import Trial, outcomes, people_of
from telemetry.log.product_events import ActivityLogged, TaskCompleted
from telemetry.log.track import track
from telemetry.log.vocabulary import type_ids
from telemetry.people.models import Person
from telemetry.tests.experiments.conftest import ARMS, DAY, NOON


@pytest.fixture
def steps(running):
    return {"used": type_ids("activity.logged"), "done": type_ids("task.completed")}


@pytest.fixture
def trial(running):
    """Everybody who first saw it within a day of noon, as known two days after noon."""
    return Trial(running, NOON, NOON + DAY, NOON + 2 * DAY)


def somebody(arm="bold", at=NOON, **events):
    """A person who saw an arm, and did something so many days after noon."""
    person = Person.objects.create()
    expose(person, "greeting", arm, at=at)
    for days in events.get("used", ()):
        track(person, ActivityLogged(), at=NOON + days * DAY)
    for days in events.get("done", ()):
        track(person, TaskCompleted(), at=NOON + days * DAY)
    return person


def of(trial, steps, arm="bold"):
    """Saw, used, done."""
    (found,) = (each for each in outcomes(trial, steps) if each.arm == arm)
    return (found.exposed, found.reached["used"], found.reached["done"])


def test_every_arm_is_told_in_order_even_an_empty_one(trial, steps):
    somebody("quiet")

    assert [(each.arm, each.exposed) for each in outcomes(trial, steps)] == [
        (ARMS[0], 0),
        (ARMS[1], 0),
        (ARMS[2], 1),
    ]


def test_what_was_done_before_the_sight_does_not_count_and_at_it_does(trial, steps):
    somebody(used=[-0.5])
    somebody(used=[0])
    somebody(used=[1.5])

    assert of(trial, steps) == (3, 2, 0)


def test_what_is_not_known_yet_does_not_count(trial, steps):
    somebody(used=[2])
    somebody(used=[2.1])

    assert of(trial, steps) == (2, 1, 0)


def test_steps_need_not_be_taken_in_order(trial, steps):
    somebody(used=[0.6], done=[0.5])

    assert of(trial, steps) == (1, 1, 1)


def test_a_first_sight_outside_the_days_is_not_counted(trial, steps):
    somebody(at=NOON - DAY, used=[0.5])
    somebody(at=NOON + DAY, used=[1.5])

    assert of(trial, steps) == (0, 0, 0)


def test_who_saw_several_arms_is_left_out_and_counted(trial, steps):
    both = somebody("bold", used=[0.5])
    expose(both, "greeting", "quiet", at=NOON + DAY / 2)

    assert of(trial, steps) == (0, 0, 0)
    assert trial.multiply_exposed() == 1


def test_the_people_behind_are_as_many_as_the_number_says(trial, steps):
    used, idle = somebody(used=[0.5]), somebody()

    assert set(people_of(trial, "bold", None)) == {used, idle}
    assert list(people_of(trial, "bold", steps["used"])) == [used]
