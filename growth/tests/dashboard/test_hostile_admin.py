"""Keys and filters that no database can hold: the admin refuses them, and nothing changes."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group
from django.forms import BooleanField, inlineformset_factory

from growth.models import Cohort, SavedFunnel, User
from growth.tests.dashboard.conftest import AS_OF
from growth.tests.dashboard.test_admin_lists import HOSTILE, MODELS, address_of, counts
from growth.tests.dashboard.test_query_budgets import who_has_just_shown_it
from telemetry.models import Alert, ApiKey, EventType, Installation

LISTED = [model for model in MODELS if model is not Installation]  # one page, no list
KEYS = {**HOSTILE, "a word": "x", "30 digits": "9" * 30}
#: The last moment that has a date, in a zone in which UTC is further.
LATE = "9999-12-31 23:59:59-14:00"
#: What a filter of the address may be compared with in vain.
VALUES = {"a NUL": "a\0b", "30 digits": "9" * 30, "a moment beyond all days": LATE}


@pytest.fixture
def asked(rf, staff):
    """`asked({"q": "ann"})`: what staff ask of a list."""

    def make(query=None):
        request = rf.get("/", query)
        request.user, request.session = staff, {}
        return request

    return make


@pytest.fixture
def actions(asked):
    """Each list that offers something to do to chosen rows, and what."""
    offered = {model: list(admin.site._registry[model].get_actions(asked())) for model in LISTED}
    return {model: names for model, names in offered.items() if names}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_nothing_is_done_to_rows_that_cannot_be(browser_of_staff, actions, did, key):
    did("ann")
    Alert.objects.raise_alert("k", Alert.Severity.WARNING, "Look.", AS_OF)
    before = counts(), Alert.objects.open().count()
    for model, names in actions.items():
        some = model._default_manager.values_list("pk", flat=True).first()
        for name in names:
            chosen = {"action": name, "_selected_action": [some or "1", key], "post": "yes"}
            assert browser_of_staff.post(address_of(model), chosen).status_code == 400, (model, name)

    assert (counts(), Alert.objects.open().count()) == before


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_row_that_cannot_be_has_no_page(browser_of_staff, key):
    for model in LISTED:
        answer = browser_of_staff.get(address_of(model, "change", quote(key)))
        assert (answer.status_code, answer.get("Location")) == (302, "/admin/"), model


def filters_of(model_admin, request):
    """The names by which its filters stand in an address."""
    specs = model_admin.get_changelist_instance(request).get_filters(request)[0]
    return {name for spec in specs for name in spec.expected_parameters()}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_no_filter_meets_what_it_cannot_be_compared_with(asked, value):
    for model in LISTED:
        model_admin = admin.site._registry[model]
        for name in filters_of(model_admin, asked()):
            answer = model_admin.changelist_view(asked({name: value}))
            assert answer.status_code in (200, 302), (model, name)


#: Every change form in which something is typed or chosen.
CHANGED = {
    "auth.Group", "growth.Cohort", "growth.SavedFunnel", "growth.User", "telemetry.ApiKey",
    "telemetry.EventType", "telemetry.Experiment", "telemetry.Person",
}  # fmt: skip


def typed(form):
    """The fields of a form that are more than a tick."""
    return {name for name, field in form.fields.items() if not isinstance(field, BooleanField)}


@pytest.fixture
def change_forms(asked, did):
    """Each row with a change form in which something is typed or chosen, and that form as it comes."""
    did("ann", 1)
    User.objects.create_user("ann@example.org")
    Group.objects.create(name="Some")
    Cohort.objects.create(slug="c", name="C", meaning="Some.", kind=Cohort.Kind.LIST)
    steps = [{"event": "activity"}, {"event": "task.completed"}]
    SavedFunnel.objects.create(slug="f", name="F", steps=steps, window_seconds=60, breakdown="source")
    EventType.objects.create(name="family.happened", meaning="It happened.")
    ApiKey.objects.issue("K", ApiKey.Scope.READ)
    rows = [row for model in LISTED if (row := model._default_manager.order_by("-pk").first())]
    forms = {row: form_of(row, asked()) for row in rows}
    forms = {row: form for row, form in forms.items() if typed(form)}
    assert {row._meta.label for row in forms} == CHANGED
    return forms


def form_of(row, request):
    """The change form of a row."""
    return admin.site._registry[type(row)].get_form(request, row, change=True)(instance=row)


def sent(client, row, form, **typed_in):
    """Send the form as a browser would, with these fields typed anew."""
    filled = {name: form[name].value() for name in form.fields} | typed_in
    for inline in admin.site._registry[type(row)].inlines:
        prefix = inlineformset_factory(type(row), inline.model, fields=["id"]).get_default_prefix()
        filled |= {f"{prefix}-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    said = {name: value for name, value in filled.items() if value is not None and value is not False}
    return client.post(address_of(type(row), "change", row.pk), said)


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_no_field_of_a_change_form_takes_hostile_text(staff, change_forms, value):
    client, kept = who_has_just_shown_it(staff), snapshot(change_forms)
    for row, form in change_forms.items():
        answer = sent(client, row, form, **dict.fromkeys(typed(form), value))
        assert answer.status_code == 200, row
        refused = set(answer.context["adminform"].form.errors)
        # A breakdown is judged with its steps; people are words, apart by spaces and line ends.
        assert typed(form) - refused <= {"breakdown", "people"}, row

    assert snapshot(change_forms) == kept


def snapshot(rows):
    """The rows as they stand now."""
    return [type(row)._default_manager.filter(pk=row.pk).values().get() for row in rows]


@pytest.mark.parametrize("name", ["a\0b", "a\u202eb", "a\x01b"])
def test_nobody_is_listed_by_a_name_that_deceives(browser_of_staff, change_forms, name):
    ((cohort, form),) = [pair for pair in change_forms.items() if isinstance(pair[0], Cohort)]
    answer = sent(browser_of_staff, cohort, form, people=f"ann\r\n{name}")

    assert "people" in answer.context["adminform"].form.errors
    assert cohort.members.count() == 0


def test_every_change_form_takes_what_it_shows(staff, change_forms):
    client = who_has_just_shown_it(staff)
    for row, form in change_forms.items():
        assert sent(client, row, form).status_code == 302, row
