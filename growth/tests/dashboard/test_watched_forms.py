"""The forms in which staff make cohorts and funnels: what they refuse, and in which words."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from growth.models import Cohort, SavedFunnel

FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "/admin/growth/cohort/add/": ("rules", {"name": "Mine", "slug": "mine", "kind": "rules"}),
    "/admin/growth/savedfunnel/add/": (
        "steps",
        {"name": "Mine", "slug": "mine", "window_seconds": 60, "position": 0, "breakdown": ""},
    ),
}
STEPS = [{"event": "activity"}, {"event": "task.completed", "where": {"project": ["a", "b"]}}]


def errors_of(client, address, **fields):
    """What the form says, by field."""
    field, filled = FORMS[address]
    answer = client.post(address, filled | {field: "[]"} | fields)
    assert answer.status_code == 200, answer.status_code
    return {name: list(errors) for name, errors in answer.context["adminform"].form.errors.items()}


@pytest.mark.parametrize("address", FORMS)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 2_000, "This is nested too deeply."),
        ("[" * 2_000 + "]" * 2_000, "This is nested too deeply."),
        ("[" * 100_000 + "]" * 100_000, "This is nested too deeply."),
        ("[" * 20 + "]" * 20, "This is nested more than 8 levels deep."),
        ('[{"property": "role", "property": "is_admin"}]', "An object has the same key twice."),
        ("[NaN]", "Enter a valid JSON."),
        ('["\\u0000"]', "This holds a NUL character."),
        ("[1" + "0" * 30 + "]", "This holds an integer of more than 64 bits."),
        ("no json", "Enter a valid JSON."),
    ],
)
def test_json_that_is_not_strict_is_refused_in_words(browser_of_staff, address, text, message):
    field, _ = FORMS[address]

    assert errors_of(browser_of_staff, address, **{field: text})[field][0] == message


def test_a_cohort_of_as_many_rules_as_there_may_be_is_saved_from_the_form(browser_of_staff):
    rules = [{"property": "entries_all_time", "at_least": n} for n in range(50)]
    address = "/admin/growth/cohort/add/"
    browser_of_staff.post(address, FORMS[address][1] | {"rules": json.dumps(rules)})

    assert Cohort.objects.get(slug="mine").rules == rules


def test_what_was_typed_is_shown_again(browser_of_staff):
    address = "/admin/growth/savedfunnel/add/"
    asked = FORMS[address][1]
    page = browser_of_staff.post(address, asked | {"steps": '[{"evnt": "a"}]'}).content.decode()
    unreadable = browser_of_staff.post(address, asked | {"steps": "[{'event'}]"}).content.decode()

    assert '[{"evnt": "a"}]' in unescape(page)
    assert "[{'event'}]" in unescape(unreadable)
    assert not SavedFunnel.objects.exists()


def test_a_funnel_is_saved_from_the_form(browser_of_staff):
    address = "/admin/growth/savedfunnel/add/"
    browser_of_staff.post(address, FORMS[address][1] | {"steps": json.dumps(STEPS)})

    assert SavedFunnel.objects.get(slug="mine").steps == STEPS


UNKNOWN = {"event": "never.declared"}
USE = {"event": "activity"}


@pytest.mark.parametrize(
    ("steps", "messages"),
    [
        ([], ["A funnel has two steps at least."]),
        ({}, ["A funnel has two steps at least."]),
        ([USE], ["A funnel has two steps at least."]),
        ("x", ['Steps are a list: [{"event": "auth.signed_up"}, …].']),
        ({"event": "activity"}, ['Steps are a list: [{"event": "auth.signed_up"}, …].']),
        ([USE, 1], ['Step 2: A step is an object that names an event: {"event": "auth.signed_up"}.']),
        ([UNKNOWN, USE], ["Step 1, event: “never.declared” is not in the vocabulary."]),
        (
            [USE, UNKNOWN, UNKNOWN],
            [
                "Step 2, event: “never.declared” is not in the vocabulary.",
                "Step 3, event: “never.declared” is not in the vocabulary.",
            ],
        ),
        ([USE, {"where": {}}], ["Step 2, event: This field is required."]),
        ([USE, USE | {"label": "x"}], ["Step 2, label: Unknown field."]),
        (
            [USE, USE | {"where": []}],
            ["Step 2, where: This is an object of properties and the values they may have."],
        ),
        ([USE] * 21, ["A funnel has 10 steps at most."]),
    ],
)
def test_steps_that_cannot_be_asked_are_refused_once_and_in_words(browser_of_staff, steps, messages):
    address = "/admin/growth/savedfunnel/add/"

    assert errors_of(browser_of_staff, address, steps=json.dumps(steps)) == {"steps": messages}


def test_steps_that_cannot_be_read_are_not_said_to_be_missing_as_well(browser_of_staff):
    address = "/admin/growth/savedfunnel/add/"

    assert errors_of(browser_of_staff, address, steps="no json") == {"steps": ["Enter a valid JSON."]}


@pytest.mark.parametrize("breakdown", [" ", "\t\n", "pla\tcement", "pla\u200bcement", "a\x1bb", "\u00a0"])
def test_a_breakdown_that_is_no_name_is_refused(browser_of_staff, breakdown):
    address = "/admin/growth/savedfunnel/add/"
    errors = errors_of(browser_of_staff, address, steps=json.dumps(STEPS), breakdown=breakdown)

    assert errors == {"breakdown": ["The name of a property, without control characters."]}


@pytest.mark.parametrize(
    ("typed", "saved"), [(" placement ", "placement"), ("their own", "their own"), ("", "")]
)
def test_a_breakdown_loses_its_blanks_and_may_be_one_that_other_programs_send(browser_of_staff, typed, saved):
    address = "/admin/growth/savedfunnel/add/"
    browser_of_staff.post(address, FORMS[address][1] | {"steps": json.dumps(STEPS), "breakdown": typed})

    assert SavedFunnel.objects.get(slug="mine").breakdown == saved


def test_the_form_offers_the_declared_properties(browser_of_staff):
    page = unescape(browser_of_staff.get("/admin/growth/savedfunnel/add/").content.decode())
    offered = re.findall(r"Declared are: (.*?)\. Others", page)[0].split(", ")

    assert {"placement", "source", "project"} <= set(offered)


def test_names_that_nobody_knows_are_cut_in_the_warning(browser_of_staff):
    address = "/admin/growth/cohort/add/"
    asked = FORMS[address][1] | {"kind": "list", "rules": "[]", "people": f"short\n{'x' * 100_000}"}
    page = browser_of_staff.post(address, asked, follow=True).content.decode()

    assert f"Nobody is called so: short, {'x' * 63}…" in page
    assert "x" * 64 not in page
