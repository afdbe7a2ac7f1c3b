"""Experiments, and people to be in them."""

from datetime import UTC, datetime, timedelta

import pytest

from telemetry.experiments.models import Experiment
from telemetry.people.models import Person

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ARMS = ("control", "bold", "quiet")


@pytest.fixture
def experiment(db):
    """A draft of three arms."""
    Experiment.objects.ship("greeting", "How people are greeted", ARMS)
    return Experiment.objects.get(key="greeting")


@pytest.fixture
def running(experiment):
    """The same, started a day ago."""
    assert experiment.start(at=NOON - DAY)
    return experiment


@pytest.fixture
def person(db):
    """Somebody."""
    return Person.objects.create()
