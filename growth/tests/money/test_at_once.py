"""Stripe tells one thing many times at once, and different things about one payment: one effect."""

from __future__ import annotations

from functools import partial
from threading import Barrier, get_ident

import pytest
from django.conf import settings
from django.db import Error, transaction
from django.test import Client
from django.utils import timezone

from donations import pictures
from donations.fulfilment import fulfil
from donations.models import Checkout, Payment, StripeEvent, Subscription, Supporter, SupportMail
from donations.settlement import payments
from donations.settlement.parties import Party
from donations.tests.money.conftest import deliver, somebody, work
from growth.tests.invariants import assert_invariants
from telemetry.models import AuditEntry
from telemetry.tests.ingest.test_store_in_parallel import together
from telemetry.tests.missing import without_uniqueness

# SQLite lets one writer in after the other: what is raced for here exists on PostgreSQL alone.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rings"),
    pytest.mark.skipif(not settings.POSTGRESQL, reason="races need PostgreSQL"),
]

ROUNDS = 25
FIFTY = 50


def post(told):
    """Stripe delivers over HTTP."""
    headers = {"Stripe-Signature": told.signature}
    return Client().post("/donate/webhook/", told.body, content_type="application/json", headers=headers)


def drain():
    return StripeEvent.objects.due(timezone.now()).drain()


def failed(answers):
    """The errors among them; what the database refused is one."""
    return [answer for answer in answers if isinstance(answer, Error)]


def settled_at_once(shop, payer):
    """Workers and the success page have one payment's different events at the same instant."""
    deliver(shop.pay(payer))
    session_id = str(Checkout.objects.get(person=payer).session_id)
    return together([drain, drain, drain, drain, partial(fulfil, session_id, now=timezone.now())])


def assert_one_effect(payer, conversions):
    """One payment, one receipt, one conversion, one flip of the tier."""
    work()
    payment = Payment.objects.get(person=payer)
    assert conversions == [payment.pk]
    assert SupportMail.objects.get(person=payer).once == f"receipt:{payment.reference}"
    assert Supporter.objects.get(person=payer).tier == "paid"
    assert AuditEntry.objects.filter(action="supporter.tier").count() == 1
    assert not StripeEvent.objects.exclude(state="done").exists()
    assert_invariants(timezone.now())


def test_each_event_fifty_times_at_once_makes_one_payment_and_one_receipt(shop, stripe, person, conversions):
    told = shop.pay(person)
    for one in told:  # event by event: the database has a hundred connections
        again = [partial(post, stripe.again(one)) for _time in range(FIFTY)]
        answers = together([*again, drain, drain])
        assert not failed(answers)
        assert {answer.status_code for answer in answers[:FIFTY]} == {200}

    assert StripeEvent.objects.count() == len(told)
    assert_one_effect(person, conversions)


def test_different_events_of_one_payment_at_one_instant_make_one_payment(shop, person, conversions):
    assert not failed(settled_at_once(shop, person))

    assert_one_effect(person, conversions)


def test_two_memberships_paid_at_one_instant_are_one_and_a_duplicate(shop, person, conversions):
    deliver([*shop.pay(person), *shop.pay(person)])

    assert not failed(together([drain] * 4))
    work()

    assert Subscription.objects.filter(duplicate_of=None).count() == 1
    assert sorted(Payment.objects.values_list("needs_refund", flat=True)) == [False, True]
    assert len(conversions) == 1
    assert_invariants(timezone.now())


@pytest.mark.slow
def test_two_workers_with_two_events_of_one_payment_convert_it_once_25_times(shop, conversions):
    for round_ in range(ROUNDS):
        payer = somebody()
        answers = settled_at_once(shop, payer)
        work()
        assert not failed(answers)
        assert Payment.objects.filter(person=payer).count() == 1
        assert SupportMail.objects.filter(person=payer, kind="receipt").count() == 1
        assert len(conversions) == round_ + 1
    assert_invariants(timezone.now())


@pytest.mark.slow
def test_one_event_five_times_at_once_is_one_row_and_all_are_answered_200_25_times(shop):
    for _round in range(ROUNDS):
        payer = somebody()
        for one in shop.pay(payer):
            answers = together([partial(post, one)] * 5)
            assert {answer.status_code for answer in answers} == {200}
            assert StripeEvent.objects.filter(event_id=one.id).count() == 1
        work()
        assert Payment.objects.filter(person=payer).count() == 1
    assert_invariants(timezone.now())


@pytest.fixture
def recorded_at_once(shop, person, monkeypatch):
    """Two who hold no lock look for one payment, both find none, and both record it."""
    checkout = shop.begin(person, kind="once", amount=1000)
    shop.stripe.pays(checkout.session_id)
    picture = pictures.of_session(checkout.session_id, timezone.now())
    assert picture.session is not None
    paid = payments.Paid.by_session(picture.session, checkout, picture.charge)
    assert paid is not None
    known, meeting, have_met = payments._known, Barrier(2), set()

    def look_together(paid):
        found = known(paid)
        if get_ident() not in have_met:
            have_met.add(get_ident())
            meeting.wait(30)
        return found

    def record():
        with transaction.atomic():
            return payments.record_payment(paid, Party(person, checkout), None, at=timezone.now())[1]

    monkeypatch.setattr(payments, "_known", look_together)
    return lambda: together([record, record])


def test_who_looked_at_the_same_time_record_one_payment(recorded_at_once):
    assert sorted(recorded_at_once()) == [False, True]

    assert Payment.objects.count() == 1


@pytest.mark.guard
def test_without_uniqueness_they_record_it_twice(recorded_at_once):
    with without_uniqueness(Payment):
        assert recorded_at_once() == [True, True]

        assert Payment.objects.count() == 2


@pytest.mark.guard
def test_without_the_marking_of_duplicates_the_database_refuses_a_second_membership(
    shop, person, monkeypatch
):
    monkeypatch.setattr("donations.settlement.subscriptions._mark_if_second", lambda row, at: False)
    deliver([*shop.pay(person), *shop.pay(person)])
    work()

    assert set(StripeEvent.objects.exclude(state="done").values_list("last_error", flat=True)) == {
        "IntegrityError"
    }
