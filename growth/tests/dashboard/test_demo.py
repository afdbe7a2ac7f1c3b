"""The demo year: the same each time, and its rows tell what its events tell."""

from __future__ import annotations

from datetime import date

import pytest

from donations.models import DonationInteraction, Payment, Subscription, Supporter
from donations.models.interaction import InteractionType
from growth.demo import demo_year
from growth.demo_support import write_support
from growth.tests.dashboard.conftest import AS_OF
from telemetry.experiments.models import Assignment, Experiment, Exposure
from telemetry.log.ingest import store
from telemetry.log.models import Event, Origin

MODELS = (DonationInteraction, Payment, Subscription, Supporter, Assignment, Exposure, Event)


@pytest.fixture
def year(db):
    """The support of a hundred people."""
    told = ("support.", "experiment.")
    items = [item for item in demo_year(date(2026, 2, 28), people=100) if item.name.startswith(told)]
    for start in range(0, len(items), 500):
        store(items[start : start + 500], origin=Origin.API, now=AS_OF)
    write_support(items, until=AS_OF)
    return items


def test_written_again_it_adds_nothing(year):
    before = {model: model.objects.count() for model in MODELS}
    write_support(year, until=AS_OF)

    assert {model: model.objects.count() for model in MODELS} == before
    assert all(before.values())


def test_each_event_of_the_ask_has_its_row(year):
    asked = [item for item in year if item.name.startswith("support.")]

    assert DonationInteraction.objects.count() == len(asked)


def test_each_payment_of_the_log_is_a_payment_and_the_renewals_are_beside_them(year):
    first = Payment.objects.exclude(kind=Payment.Kind.RENEWAL)
    told = [item for item in year if item.name == "support.payment_succeeded"]

    assert first.count() == len(told)
    assert sum(first.values_list("amount", flat=True)) == sum(
        int((item.properties or {})["amount"]) for item in told
    )
    assert not Payment.objects.filter(kind=Payment.Kind.RENEWAL, subscription=None).exists()


def test_nobody_saw_two_arms(year):
    experiment = Experiment.objects.get(key="support_hero")

    assert experiment.state == Experiment.State.RUNNING
    assert not Exposure.objects.multiply_exposed(experiment).exists()
    assert Exposure.objects.count() == Assignment.objects.count()


def test_who_paid_is_a_supporter(year):
    paid = DonationInteraction.objects.filter(interaction_type=InteractionType.PAYMENT_SUCCEEDED)

    assert set(Supporter.objects.values_list("pk", flat=True)) == set(paid.values_list("person", flat=True))
