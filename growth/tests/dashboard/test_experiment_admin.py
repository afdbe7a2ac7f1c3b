"""What staff do of experiments: asked once more, done once, kept in the audit log."""

from __future__ import annotations

import pytest

from telemetry.experiments.models import Experiment
from telemetry.models import AuditEntry

State = Experiment.State


@pytest.fixture
def address(db):
    """Of the shipped experiment's page."""
    return f"/admin/telemetry/experiment/{Experiment.objects.get(key='support_hero').pk}/"


def experiment():
    return Experiment.objects.get(key="support_hero")


def weights(**changed):
    return {"control": 1, "key_first": 1, "cta_alt": 1, **changed}


def test_it_starts_once_asked_again(browser_of_staff, address):
    page = browser_of_staff.get(f"{address}start/").content.decode()

    assert "control 1 · key_first 1 · cta_alt 1" in page
    assert experiment().state == State.DRAFT

    for _ in range(2):
        browser_of_staff.post(f"{address}start/")

    assert experiment().state == State.RUNNING
    kept = AuditEntry.objects.filter(action="experiment.started")
    states = kept.values_list("before__state", "after__state", "after__phase")
    assert states.get() == ("draft", "running", 1)


def test_a_draft_is_weighed_anew_without_a_phase(browser_of_staff, address):
    browser_of_staff.post(f"{address}weigh/", weights(control=8))

    assert (experiment().phase, experiment().arms.get(name="control").weight) == (0, 8)
    assert AuditEntry.objects.filter(action="experiment.weighed", after__weights__control=8).count() == 1


def test_while_it_runs_other_weights_are_a_new_phase(browser_of_staff, address):
    browser_of_staff.post(f"{address}start/")
    browser_of_staff.post(f"{address}weigh/", weights(control=8))

    assert experiment().phase == 2
    page = browser_of_staff.get(f"{address}change/").content.decode()
    assert "control 8 · key_first 1 · cta_alt 1" in page


@pytest.mark.parametrize("wrong", [{"control": -1}, {"control": 0, "key_first": 0}, {"control": "many"}])
def test_weights_that_are_none_are_refused_with_a_reason(browser_of_staff, address, wrong):
    response = browser_of_staff.post(f"{address}weigh/", weights(**wrong))

    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert set(experiment().arms.values_list("weight", flat=True)) == {1}


def test_an_arm_without_rivals_does_not_start(browser_of_staff, address):
    experiment().arms.exclude(name="control").update(weight=0)
    page = browser_of_staff.post(f"{address}start/", follow=True).content.decode()

    assert "compared with nothing" in page
    assert experiment().state == State.DRAFT


def test_an_arm_is_rolled_out_and_taken_back(browser_of_staff, address):
    browser_of_staff.post(f"{address}start/")
    arm = experiment().arms.get(name="cta_alt")
    assert "key_first" in browser_of_staff.get(f"{address}roll-out/").content.decode()
    browser_of_staff.post(f"{address}roll-out/", {"arm": arm.pk})

    assert (experiment().state, experiment().rolled_out_to) == (State.ROLLED_OUT, arm)

    browser_of_staff.post(f"{address}stop/")

    assert experiment().state == State.STOPPED
    verbs = set(AuditEntry.objects.values_list("action", flat=True))
    assert verbs == {"experiment.started", "experiment.rolled_out", "experiment.stopped"}


def test_the_arm_of_another_experiment_is_refused(browser_of_staff, address):
    Experiment.objects.ship("other", "Other", ["one", "two"])
    browser_of_staff.post(f"{address}start/")
    other = Experiment.objects.get(key="other").arms.get(name="one")
    browser_of_staff.post(f"{address}roll-out/", {"arm": other.pk})

    assert experiment().state == State.RUNNING


@pytest.mark.parametrize("verb", ["start", "stop", "weigh", "roll-out"])
def test_switching_needs_its_permission(in_groups, address, verb):
    client = in_groups("People", permissions=["telemetry.view_experiment"])

    assert client.get(f"{address}change/").status_code == 200
    assert client.post(f"{address}{verb}/", weights(control=3)).status_code == 403
    assert experiment().state == State.DRAFT


def test_nothing_but_its_name_is_typed(browser_of_staff, address):
    asked = {"name": "Ours", "key": "mine", "state": "running", "phase": 9}
    browser_of_staff.post(f"{address}change/", asked | {"arms-TOTAL_FORMS": 0, "arms-INITIAL_FORMS": 0})

    assert (experiment().name, experiment().state, experiment().phase) == ("Ours", State.DRAFT, 0)
