"""The admin's lists: each opens, and asks as much for many rows as for few."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from growth.tests.dashboard.test_query_budgets import who_has_just_shown_it
from telemetry.models import (
    AuditEntry,
    Event,
    Heartbeat,
    Installation,
    Project,
)

MOST_QUERIES = 20
MOST_QUERIES_OF_A_ROW = 25
HOSTILE = {
    "a NUL": "a\0b",
    "60 kB": "x" * 60_000,
    "U+202E": "a\u202eb",
    "CRLF": "a\r\nBcc: eve@example.org",
    "U+0001 between quotes": '"a\x01b"@example.org',
}
#: Every add form that there is, filled so that it is saved.
GOOD_FORMS = {
    "auth.Group": {"name": "Some"},
    "growth.Cohort": {
        "name": "C",
        "slug": "c",
        "meaning": "Some.",
        "kind": "rules",
        "rules": '[{"property": "entries_all_time", "at_least": 1}]',
    },
    "growth.SavedFunnel": {
        "name": "F",
        "slug": "f",
        "steps": '[{"event": "activity"}, {"event": "task.completed"}]',
        "window_seconds": "60",
        "breakdown": "source",
        "position": "0",
    },
    "growth.User": {"email": "new@example.org", "is_active": "on"},
    "referrals.CreditGrant": {"person": "ann", "days": "1", "reason": "Kind.", "once": "1"},
    "telemetry.EventType": {"name": "family.happened", "meaning": "It happened."},
    "telemetry.ApiKey": {"name": "K", "scope": "read", "events_per_minute": "600"},
}
#: The fields of these forms in which somebody types.
TYPED = {"name", "slug", "meaning", "rules", "steps", "breakdown", "email", "person", "reason"}
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def address_of(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def queries_of(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.slow
def test_every_list_asks_as_much_for_many_rows_as_for_few(browser_of_staff, some_of_everything):
    some_of_everything(2)
    few = {model: queries_of(browser_of_staff, address_of(model)) for model in MODELS}
    some_of_everything(20)
    many = {model: queries_of(browser_of_staff, address_of(model)) for model in MODELS}

    assert many == few
    assert max(many.values()) <= MOST_QUERIES


def queries_of_rows(client):
    """What the page of the first row of each model asks."""
    models = [model for model in MODELS if model is not Installation]  # one page, no rows
    first = {model: model._default_manager.values_list("pk", flat=True).order_by("pk") for model in models}
    assert [model for model, keys in first.items() if not keys] == []
    return {
        model._meta.label: queries_of(client, address_of(model, "change", keys[0]))
        for model, keys in first.items()
    }


def test_every_row_opens_and_asks_as_much_among_many_as_alone(browser_of_staff, some_of_everything):
    some_of_everything(1)
    alone = queries_of_rows(browser_of_staff)
    some_of_everything(20)
    among_many = queries_of_rows(browser_of_staff)

    assert among_many == alone
    assert {label: most for label, most in alone.items() if most > MOST_QUERIES_OF_A_ROW} == {}


def counts():
    """How many rows each list has."""
    return {model._meta.label: model._default_manager.count() for model in MODELS}


def form_of(model, page):
    """The add form of the page, filled so that it is saved."""
    wanted = dict(GOOD_FORMS[model._meta.label])
    for inline in page.context.get("inline_admin_formsets") or ():
        wanted |= {f"{inline.formset.prefix}-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return wanted


@pytest.fixture
def add_forms(staff, did):
    """Each add form that staff may send, filled well; and who sends it."""
    did("ann")
    client = who_has_just_shown_it(staff)
    pages = {model: client.get(address_of(model, "add")) for model in MODELS if model is not Installation}
    forms = {model: form_of(model, page) for model, page in pages.items() if page.status_code == 200}
    assert {model._meta.label for model in forms} == set(GOOD_FORMS)
    return client, forms


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_no_add_form_takes_hostile_text(add_forms, value):
    client, forms = add_forms
    before = counts()
    for model, form in forms.items():
        for typed in TYPED & set(form):
            answer = client.post(address_of(model, "add"), form | {typed: value})
            assert answer.status_code == 200, (model, typed)

    assert counts() == before


def test_every_add_form_takes_what_is_well_filled(add_forms):
    client, forms = add_forms
    before = counts()
    for model, form in forms.items():
        client.post(address_of(model, "add"), form)
        assert model._default_manager.count() == before[model._meta.label] + 1, model


@pytest.mark.slow
def test_every_search_finds_nothing_in_peace(browser_of_staff, a_product):
    for model in MODELS:
        for asked in ("nobody", "' OR 1=1--", "{{7*7}}"):
            response = browser_of_staff.get(address_of(model), {"q": asked})
            assert response.status_code == 200, (model, asked)


@pytest.mark.parametrize("query", ["account__password__startswith=a", "account__password=a"])
def test_a_filter_that_nobody_offers_is_refused(browser_of_staff, a_product, query):
    assert browser_of_staff.get(f"/admin/telemetry/person/?{query}").status_code == 400


@pytest.mark.parametrize("page", ["-1", "100000000000000000000"])
def test_a_page_that_is_not_there_leads_to_the_whole_list(browser_of_staff, a_product, page):
    assert browser_of_staff.get(f"/admin/telemetry/event/?p={page}").url == "/admin/telemetry/event/?e=1"


def test_an_order_by_columns_that_are_not_there_is_no_order(browser_of_staff, a_product):
    assert browser_of_staff.get("/admin/telemetry/person/?o=99.99").status_code == 200


def test_late_jobs_come_first(browser_of_staff, a_product):
    now = timezone.now()
    Heartbeat.objects.update(expected_since=now - timedelta(days=2))
    Heartbeat.objects.filter(job="operations.prune").update(expected_since=now)
    rows = browser_of_staff.get(address_of(Heartbeat)).context["cl"].result_list

    assert [row.is_late for row in rows] == sorted((row.is_late for row in rows), reverse=True)
    assert rows[0].is_late
    assert not rows[len(rows) - 1].is_late


def test_the_log_and_the_audit_log_are_looked_at_only(browser_of_staff, some_of_everything):
    some_of_everything(1)
    for model in (AuditEntry, Event, Project):
        row = model._default_manager.earliest("pk")
        assert browser_of_staff.post(address_of(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        assert browser_of_staff.post(address_of(model, "change", row.pk), {}).status_code == 403


def test_the_side_bar_counts_open_alerts(browser_of_staff, some_of_everything):
    assert "bg-red-100 text-red-700" not in browser_of_staff.get("/admin/").content.decode()
    some_of_everything(3)

    assert "bg-red-100 text-red-700" in browser_of_staff.get("/admin/").content.decode()


@pytest.mark.parametrize("page", ["", "&page=-1", "&page=abc", "&page=100000000000000000000"])
def test_the_command_palette_finds_pages(browser_of_staff, page):
    found = browser_of_staff.get(f"/admin/search/?s=people&extended=1{page}").content.decode()

    assert "/admin/telemetry/person/" in found
