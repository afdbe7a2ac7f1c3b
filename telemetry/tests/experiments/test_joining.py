"""A visitor with an arm turns out to be somebody with another."""

import pytest
from django.contrib.auth import get_user_model

from telemetry.experiments.arms import arm_of, expose
from telemetry.experiments.models import Assignment, Exposure
from telemetry.people.claim import claim
from telemetry.people.models import Person, PersonAlias
from telemetry.tests.experiments.conftest import DAY, NOON


@pytest.fixture
def account(db):
    return get_user_model().objects.create_user("ada@growth.example")


@pytest.fixture
def own(account):
    """The account's person."""
    return Person.objects.of_account(account)


@pytest.fixture
def visitor(db):
    """Somebody by cookie."""
    person = Person.objects.create()
    person.aliases.create(kind=PersonAlias.Kind.VISITOR, value="cookie")
    return person


def give(experiment, person, arm, at=NOON):
    """Put a person in an arm."""
    row = experiment.arms.get(name=arm)
    Assignment.objects.create(experiment=experiment, person=person, arm=row, phase=1, at=at)


def test_the_account_s_arm_wins(running, account, own, visitor):
    give(running, own, "bold")
    give(running, visitor, "quiet")

    claim(visitor, account, at=NOON)

    assert arm_of(own, "greeting", at=NOON) == "bold"
    assert not Assignment.objects.filter(person=visitor).exists()


def test_without_one_they_keep_the_visitor_s(running, account, own, visitor):
    give(running, visitor, "quiet", at=NOON - DAY)

    claim(visitor, account, at=NOON)

    row = Assignment.objects.get()
    assert (row.person, row.arm.name, row.phase, row.at) == (own, "quiet", 1, NOON - DAY)


def test_what_both_saw_they_saw_when_the_first_did(running, account, own, visitor):
    expose(own, "greeting", "bold", at=NOON)
    expose(visitor, "greeting", "bold", at=NOON - DAY)

    claim(visitor, account, at=NOON)

    row = Exposure.objects.get()
    assert (row.person, row.at) == (own, NOON - DAY)


def test_who_saw_another_as_a_visitor_saw_both(running, account, own, visitor):
    expose(own, "greeting", "bold", at=NOON)
    expose(visitor, "greeting", "quiet", at=NOON - DAY)

    claim(visitor, account, at=NOON)

    assert list(Exposure.objects.multiply_exposed(running)) == [own.pk]
