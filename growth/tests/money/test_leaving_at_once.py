"""Somebody is erased, or claimed, at the instant in which their payment is settled: one end, no deadlock."""

from __future__ import annotations

from functools import partial
from threading import Thread

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from donations.models import Payment, StripeCustomer, StripeEvent, Subscription, Supporter, SupportMail
from donations.signals import payment_reversed
from donations.tests.money.conftest import deliver, somebody, work
from growth.tests.invariants import assert_invariants
from telemetry.models import Alert
from telemetry.operations.pending import Drained
from telemetry.people.claim import claim
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.tests.ingest.test_store_in_parallel import together
from telemetry.tests.waiting import until_it_waits_or_ends

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rings"),
    pytest.mark.skipif(not settings.POSTGRESQL, reason="races need PostgreSQL"),
]

ROUNDS = 5


def drain():
    return StripeEvent.objects.due(timezone.now()).drain()


def sign_in(visitor, target):
    return claim(visitor, target.account, at=timezone.now())


def end_what_is_left(stripe):
    """Errands are run, and what Stripe tells of them."""
    work()
    deliver(stripe.untold())
    work()


def test_an_erasure_in_the_middle_of_a_payment_ends_it_everywhere(shop, stripe):
    for _round in range(ROUNDS):
        payer = somebody()
        deliver(shop.pay(payer))

        erased, *_drains = together([partial(erase, payer, at=timezone.now()), drain, drain])
        end_what_is_left(stripe)

        assert erased is True
    assert Payment.objects.filter(person=None).count() == ROUNDS
    assert set(Subscription.objects.values_list("status", flat=True)) == {"canceled"}
    assert not Supporter.objects.exists()
    assert not SupportMail.objects.exists()
    assert not Alert.objects.exists()
    assert_invariants(timezone.now())


def test_a_claim_in_the_middle_of_a_payment_leaves_all_to_the_account(shop):
    for round_ in range(ROUNDS):
        visitor, target = Person.objects.create(), somebody()
        visitor.aliases.create(kind="visitor", value=f"v{round_}")
        deliver(shop.pay(visitor))

        joined, *_drains = together([partial(sign_in, visitor, target), drain, drain])
        work()

        assert joined == target
        assert Payment.objects.filter(person=target).count() == 1
        assert Supporter.objects.get(person=target).tier == "paid"
        assert not Supporter.objects.filter(person=visitor).exists()
    assert not Alert.objects.exists()
    assert_invariants(timezone.now())


@pytest.fixture
def settled_during_a_claim():
    """How many events failed that were worked on while a claim was not committed."""

    def settle_what_waits(drained):
        try:
            drained.append(drain())
        finally:
            connection.close()

    def run(visitor, target):
        drained: list[Drained] = []
        draining = Thread(target=settle_what_waits, args=[drained])
        with transaction.atomic():
            sign_in(visitor, target)
            draining.start()
            until_it_waits_or_ends(draining)
            assert draining.is_alive()
        draining.join(20)
        return sum(each.failed for each in drained)

    return run


@pytest.fixture
def visitor():
    """Somebody without an account, known by a cookie."""
    visitor = Person.objects.create()
    visitor.aliases.create(kind="visitor", value="v")
    return visitor


def test_a_payment_that_waits_for_a_claim_finds_the_account_afterwards(settled_during_a_claim, visitor, shop):
    target = somebody()
    deliver(shop.pay(visitor))

    assert settled_during_a_claim(visitor, target) == 0
    assert StripeCustomer.objects.get().person == target
    assert Payment.objects.get().person == target
    assert_invariants(timezone.now())


def is_held(person):
    """Whether somebody else holds the person just now."""
    try:
        with transaction.atomic():
            Person.objects.select_for_update(nowait=True, no_key=True).get(pk=person.pk)
    except OperationalError:
        return True
    return False


def test_a_refund_that_waits_for_a_claim_holds_the_account_afterwards(
    settled_during_a_claim, visitor, shop, stripe
):
    target = somebody()
    deliver(shop.pay(visitor, "once", 1000))
    work()
    deliver(stripe.refunds(Payment.objects.get().charge_id))
    held = []

    def look(**_kwargs):
        held.extend(together([partial(is_held, target)]))

    payment_reversed.connect(look)
    try:
        settled_during_a_claim(visitor, target)
    finally:
        payment_reversed.disconnect(look)

    assert held == [True]
    assert Payment.objects.get().person == target
    assert_invariants(timezone.now())


@pytest.mark.guard
def test_unless_the_person_is_held_the_customer_stays_with_the_empty_visitor(
    settled_during_a_claim, visitor, shop, monkeypatch
):
    monkeypatch.setattr("donations.settlement.parties.hold", lambda person: person)
    target = somebody()
    deliver(shop.pay(visitor))

    settled_during_a_claim(visitor, target)

    assert StripeCustomer.objects.get().person != target
