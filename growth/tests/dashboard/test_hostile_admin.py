"""Keys and filters that no database can hold: the admin refuses them, and nothing changes."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote

from growth.tests.dashboard.conftest import AS_OF
from growth.tests.dashboard.test_admin_lists import HOSTILE, MODELS, address_of, counts
from telemetry.models import Alert, Installation

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
