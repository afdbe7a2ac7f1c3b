"""The admin's lists: each opens, and asks as much for many rows as for few."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from donations.models import (
    Checkout,
    DonationInteraction,
    Payment,
    StripeCustomer,
    StripeErrand,
    StripeEvent,
    Subscription,
    Supporter,
    SupporterKey,
    SupportMail,
)
from growth.models import Cohort, SavedFunnel, User
from growth.schedule import sync_schedule
from growth.tests.dashboard.conftest import AS_OF
from telemetry.models import Alert, ApiKey, AuditEntry, Event, EventType, Heartbeat, Project, SegmentRefresh

MOST_QUERIES = 20
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def some_of_everything(staff, did, a_product):
    """`some_of_everything(n)`: n rows of whatever can be made."""

    def make(count):
        sync_schedule(AS_OF)
        for n in range(count):
            did(f"one-{count}-{n}", 3)
            User.objects.create_user(f"u{count}-{n}@example.org")
            Alert.objects.raise_alert(f"k{count}-{n}", Alert.Severity.WARNING, "Look.", AS_OF)
            ApiKey.objects.issue(f"key {n}", ApiKey.Scope.INGEST)
            AuditEntry.objects.record(staff, "looked", "at it", at=AS_OF)
            Cohort.objects.create(slug=f"c{count}-{n}", name="C", kind=Cohort.Kind.LIST)
            SavedFunnel.objects.create(slug=f"f{count}-{n}", name="F", steps=[{"event": "activity"}])
            Project.objects.create(name=f"p{count}-{n}")
            EventType.objects.declare(f"family.e{count}_{n}", "It happened.")
            person = did(f"one-{count}-{n}")
            SegmentRefresh.objects.queue(person, AS_OF)
            supported(person, f"{count}-{n}")
        Heartbeat.objects.expect({f"job-{count}": timedelta(hours=1)}, AS_OF)

    return make


def supported(person, word):
    """All that donations keep of somebody who gave."""
    Supporter.objects.create(person=person)
    when = {"created_at": AS_OF}
    customer = StripeCustomer.objects.create(customer_id=f"cus_{word}", person=person, livemode=False, **when)
    money = {"person": person, "amount": 500, "currency": "eur"}
    Checkout.objects.create(kind="once", idempotency_key=f"checkout:{word}", **money, **when)
    Subscription.objects.create(
        stripe_id=f"sub_{word}", customer=customer, status="active", fetched_at=AS_OF, **money
    )
    payment = Payment.objects.create(
        kind="once", payment_intent_id=f"pi_{word}", paid_at=AS_OF, **money, **when
    )
    SupporterKey.objects.create(
        person=person, system_id=word, signature="k", method="hmac", payment=payment, **when
    )
    DonationInteraction.objects.create(person=person, interaction_type="page_viewed", **when)
    StripeEvent.objects.create(
        event_id=f"evt_{word}",
        type="invoice.paid",
        livemode=False,
        stripe_created_at=AS_OF,
        next_try_at=AS_OF,
    )
    StripeErrand.objects.create(
        kind="refund", object_id=f"pi_{word}", key=word, payment=payment, amount=100, next_try_at=AS_OF
    )
    SupportMail.objects.create(
        kind="receipt", once=f"receipt:{word}", person=person, payment=payment, next_try_at=AS_OF
    )


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


def test_every_row_opens(browser_of_staff, some_of_everything):
    some_of_everything(1)
    for model in MODELS:
        row = model._default_manager.first()
        if row is not None:
            assert browser_of_staff.get(address_of(model, "change", row.pk)).status_code == 200, model


@pytest.mark.slow
def test_every_search_finds_nothing_in_peace(browser_of_staff, a_product):
    for model in MODELS:
        for asked in ("nobody", "' OR 1=1--", "{{7*7}}"):
            response = browser_of_staff.get(address_of(model), {"q": asked})
            assert response.status_code == 200, (model, asked)


@pytest.mark.parametrize(
    "query", ["account__password__startswith=a", "o=99.99", "p=-1", "p=100000000000000000000"]
)
def test_a_filter_that_nobody_offers_is_refused(browser_of_staff, a_product, query):
    assert browser_of_staff.get(f"/admin/telemetry/person/?{query}").status_code in (200, 302, 400)


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
