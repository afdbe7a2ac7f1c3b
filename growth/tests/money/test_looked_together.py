"""Two look for one thing at the same instant and neither finds it: what makes one of it then."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from threading import Barrier, Thread

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from donations import pictures
from donations.inbox import accept
from donations.models import Payment, StripeErrand, StripeEvent, SupportMail
from donations.querysets.errands import StripeErrandQuerySet
from donations.querysets.events import StripeEventQuerySet
from donations.querysets.mails import SupportMailQuerySet
from donations.querysets.payments import PaymentQuerySet
from donations.settlement.returns import settle_return
from growth.tests.invariants import assert_invariants
from telemetry.tests.ingest.test_store_in_parallel import together
from telemetry.tests.missing import without_constraint, without_uniqueness
from telemetry.tests.waiting import until_it_waits_or_ends

# SQLite lets one writer in after the other: what is raced for here exists on PostgreSQL alone.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rings"),
    pytest.mark.skipif(not settings.POSTGRESQL, reason="races need PostgreSQL"),
]


@pytest.fixture
def both_have_looked(monkeypatch):
    """`both_have_looked(rows, write)`: of two, nobody writes these rows before both are about to."""

    def wait_in(rows, write):
        original, meeting = getattr(rows, write), Barrier(2)

        def write_together(these, *args, **how):
            meeting.wait(30)
            return original(these, *args, **how)

        monkeypatch.setattr(rows, write, write_together)

    return wait_in


@pytest.fixture
def delivered_twice(shop, person, both_have_looked):
    """Stripe delivers one event twice at once; how often it is in the inbox."""

    def run():
        one = shop.pay(person)[0]
        both_have_looked(StripeEventQuerySet, "bulk_create")
        together([partial(accept, one.body, one.signature, now=timezone.now())] * 2)
        return StripeEvent.objects.filter(event_id=one.id).count()

    return run


def test_an_event_that_two_deliveries_miss_is_kept_once(delivered_twice):
    assert delivered_twice() == 1
    assert_invariants(timezone.now())


@pytest.mark.guard
def test_without_uniqueness_an_event_is_kept_twice(delivered_twice):
    with without_uniqueness(StripeEvent):
        assert delivered_twice() == 2


@pytest.fixture
def queued_twice(person, both_have_looked):
    """Two write one receipt at once; how many wait to be sent."""

    def run():
        both_have_looked(SupportMailQuerySet, "bulk_create")
        queue = SupportMail.objects.queue_once
        together([partial(queue, "receipt", "in_1", person=person, at=timezone.now())] * 2)
        return SupportMail.objects.count()

    return run


def test_a_receipt_that_two_miss_is_written_once(queued_twice):
    assert queued_twice() == 1
    assert_invariants(timezone.now())


@pytest.mark.guard
def test_without_uniqueness_a_receipt_is_written_twice(queued_twice):
    with without_uniqueness(SupportMail):
        assert queued_twice() == 2


@pytest.fixture
def refunded_twice(shop, settle, admin_user, both_have_looked, monkeypatch):
    """Staff ask for a refund twice at once, and nothing holds the payment; how each ended."""

    def run():
        settle(shop.pay(None, "once", 1000))
        paid = Payment.objects.get()
        monkeypatch.setattr(PaymentQuerySet, "select_for_update", lambda rows, **_how: rows)
        both_have_looked(StripeErrandQuerySet, "create")
        ask = partial(paid.refund, 300, by=admin_user, reason="They asked.", at=timezone.now())
        return together([ask, ask])

    return run


def test_of_two_refunds_that_miss_each_other_the_database_takes_one(refunded_twice):
    answers = refunded_twice()

    assert sum(isinstance(answer, IntegrityError) for answer in answers) == 1
    assert StripeErrand.objects.pending().count() == 1
    assert_invariants(timezone.now())


@pytest.mark.guard
def test_without_the_constraint_two_refunds_are_under_way(refunded_twice):
    with without_constraint(StripeErrand, "one_refund_at_a_time"):
        refunded_twice()

        assert StripeErrand.objects.pending().count() == 2


@pytest.fixture
def returned_meanwhile(shop, stripe, settle):
    """What a guest's payment says when a dispute, looked at before a refund, is settled during the refund."""

    def settle_alone(seen):
        try:
            with transaction.atomic():
                settle_return(seen, timezone.now(), happened_at=timezone.now(), cause="dispute")
        finally:
            connection.close()

    def run():
        settle(shop.pay(None, "once", 1000))
        paid, now = Payment.objects.get(), timezone.now()
        stripe.disputes(paid.charge_id)
        dispute = pictures.of_dispute(stripe.only("dispute")["id"], now)
        stripe.refunds(paid.charge_id, 300)
        refund = pictures.of_refund(stripe.only("refund")["id"], now + timedelta(seconds=1))
        meanwhile = Thread(target=settle_alone, args=[dispute])
        with transaction.atomic():
            settle_return(refund, now, happened_at=now, cause="refund")
            meanwhile.start()
            until_it_waits_or_ends(meanwhile)
        meanwhile.join(20)
        paid.refresh_from_db()
        return paid.dispute, paid.amount_refunded

    return run


def test_a_dispute_that_is_settled_during_a_refund_takes_nothing_of_it_back(returned_meanwhile):
    assert returned_meanwhile() == ("open", 300)
    assert_invariants(timezone.now())


@pytest.mark.guard
def test_unless_the_payment_is_held_the_refund_is_lost(returned_meanwhile, monkeypatch):
    monkeypatch.setattr(PaymentQuerySet, "select_for_update", lambda rows, **_how: rows)

    assert returned_meanwhile() == ("open", 0)
