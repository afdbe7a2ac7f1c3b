"""The experiment on the ask that comes with Growth."""

import pytest

from donations.experiments import ship_experiments
from telemetry.experiments.models import Experiment


@pytest.mark.django_db
def test_it_is_there_after_migrations_as_a_draft():
    experiment = Experiment.objects.get(key="support_hero")

    assert experiment.state == Experiment.State.DRAFT
    assert list(experiment.arms.values_list("name", "weight")) == [
        ("control", 1),
        ("key_first", 1),
        ("cta_alt", 1),
    ]


@pytest.mark.django_db
def test_migrating_again_leaves_what_staff_made_of_it():
    Experiment.objects.filter(key="support_hero").update(name="Ours")

    ship_experiments(using="default")

    assert Experiment.objects.get(key="support_hero").name == "Ours"
