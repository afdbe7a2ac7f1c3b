"""Who is shown which arm, and that they saw it."""

import pytest

from telemetry.experiments.arms import arm_expression, arm_of, expose, running_expression
from telemetry.experiments.buckets import bucket, chosen
from telemetry.experiments.models import Assignment, Exposure
from telemetry.log.models import Event
from telemetry.people.models import Person
from telemetry.tests.experiments.conftest import ARMS, DAY, NOON


def shown(person, key="greeting"):
    """What the expression says in a query of people."""
    people = Person.objects.annotate(arm=arm_expression(key)).filter(pk=person.pk)
    return people.values_list("arm", flat=True).get()


def events():
    """What the log tells of exposures."""
    return list(Event.objects.filter(type__name="experiment.exposed").values_list("properties", flat=True))


def test_the_arm_is_the_one_of_the_bucket(running, person):
    arm = arm_of(person, "greeting", at=NOON)

    assert arm == ARMS[chosen(bucket(running.salt, str(person.public_id)), (1, 1, 1))]


def test_it_is_stored_with_its_phase(running, person):
    arm = arm_of(person, "greeting", at=NOON)

    row = Assignment.objects.get()
    assert (row.person, row.arm.name, row.phase, row.at) == (person, arm, 1, NOON)


def test_asked_again_it_costs_one_query(running, person, django_assert_num_queries):
    arm = arm_of(person, "greeting", at=NOON)

    with django_assert_num_queries(1):
        assert arm_of(person, "greeting", at=NOON + DAY) == arm


def test_a_draft_shows_nobody_anything(experiment, person):
    assert arm_of(person, "greeting", at=NOON) is None
    assert not Assignment.objects.exists()


def test_an_experiment_nobody_made_shows_nothing(person):
    assert arm_of(person, "nothing", at=NOON) is None
    assert not expose(person, "nothing", "bold", at=NOON)


def test_once_stopped_nobody_sees_an_arm(running, person):
    arm_of(person, "greeting", at=NOON)

    assert running.stop(at=NOON)

    assert arm_of(person, "greeting", at=NOON) is None
    assert shown(person) is None


def test_once_rolled_out_everybody_sees_that_arm(running, person):
    arm = arm_of(person, "greeting", at=NOON)
    other = running.arms.exclude(name=arm).first()

    assert running.roll_out(other, at=NOON)

    for each in (person, Person.objects.create()):
        assert arm_of(each, "greeting", at=NOON) == other.name
        assert shown(each) == other.name
    assert Assignment.objects.count() == 1


def test_the_expression_says_the_stored_arm_and_gives_none(running, person):
    assert shown(person) is None

    arm = arm_of(person, "greeting", at=NOON)

    assert shown(person) == arm
    assert shown(Person.objects.create()) is None


def test_the_expression_leads_from_any_row_to_its_person(running, person):
    arm = arm_of(person, "greeting", at=NOON)

    rows = Assignment.objects.annotate(shown=arm_expression("greeting", "person"))

    assert rows.values_list("shown", flat=True).get() == arm


def test_the_same_query_says_whether_arms_are_given(experiment, person):
    people = Person.objects.annotate(runs=running_expression("greeting")).values_list("runs", flat=True)
    assert not people.get()

    experiment.start(at=NOON)

    assert people.get()


def test_the_first_sight_is_recorded_with_its_event(running, person):
    assert expose(person, "greeting", "bold", at=NOON)
    assert not expose(person, "greeting", "bold", at=NOON + DAY)

    assert Exposure.objects.get().at == NOON
    assert events() == [{"experiment": "greeting", "arm": "bold"}]


def test_seen_before_it_costs_one_query(running, person, django_assert_num_queries):
    expose(person, "greeting", "bold", at=NOON)

    with django_assert_num_queries(3):  # with the savepoint's two
        expose(person, "greeting", "bold", at=NOON)


@pytest.mark.parametrize("end", ["stop", "roll_out"])
def test_what_is_no_experiment_any_more_exposes_nobody(running, person, end):
    arguments = [running.arms.first()] if end == "roll_out" else []
    getattr(running, end)(*arguments, at=NOON)

    assert not expose(person, "greeting", "control", at=NOON)
    assert events() == []


def test_an_arm_that_is_none_exposes_nobody(running, person):
    assert not expose(person, "greeting", "loud", at=NOON)


def test_who_saw_two_arms_is_known(running, person):
    other = Person.objects.create()
    for arm in ("bold", "quiet"):
        expose(person, "greeting", arm, at=NOON)
    expose(other, "greeting", "bold", at=NOON)

    assert list(Exposure.objects.multiply_exposed(running)) == [person.pk]
