"""From what Stripe tells to the days of both sides, through inbox, payment and signal."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import permutations

import pytest
from django.urls import reverse
from django.utils import timezone

from donations.development.happening import Card
from donations.models import Payment, StripeEvent, Supporter
from donations.signals import membership_paid
from donations.tests.money.conftest import deliver, work
from referrals.models import CreditGrant, Referral
from referrals.tests.conftest import until
from referrals.tests.stripe.conftest import just_brought
from telemetry.models import AuditEntry
from telemetry.tests.ingest.test_store_in_parallel import together

pytestmark = pytest.mark.django_db

EVENTS = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "invoice.paid",
)


def rewarded():
    """The days of each entry, in order."""
    return list(CreditGrant.objects.order_by("pk").values_list("days", flat=True))


def days_left(person):
    """How many days of credit somebody has, to the nearest one."""
    end = until(person)
    return 0 if end is None else round((end - timezone.now()) / timedelta(days=1))


def test_signed_events_at_the_endpoint_end_as_days_of_both(client, shop, brought, ada, bob):
    for told in shop.pay(bob):
        headers = {"HTTP_STRIPE_SIGNATURE": told.signature}
        response = client.post(
            reverse("stripe_webhook"), told.body, content_type="application/json", **headers
        )
        assert response.status_code == 200
    work()

    assert days_left(ada) == days_left(bob) == 45
    assert Supporter.objects.get(person=bob).tier == "paid"
    for person in (ada, bob):
        client.force_login(person.account)
        assert "+45 days on your account" in client.get(reverse("settings")).content.decode()


@pytest.mark.parametrize("order", list(permutations(EVENTS)))
def test_all_orders_of_a_first_month_reward_once(order, shop, brought, ada, bob):
    told = {one.type: one for one in shop.pay(bob)}

    for kind in order:
        deliver([told[kind]])
        work()

    brought.refresh_from_db()
    assert (brought.state, rewarded()) == ("converted", [45, 45])
    assert brought.payment == Payment.objects.get()
    assert days_left(ada) == days_left(bob) == 45


def test_a_renewal_and_all_that_is_told_again_give_nothing(shop, stripe, happen, brought, bob):
    told = shop.pay(bob)
    happen(told)
    subscription = stripe.only("subscription")["id"]

    happen(stripe.renews(subscription, timezone.now()))
    assert (rewarded(), Payment.objects.count()) == ([45, 45], 2)
    happen([stripe.again(one) for one in told])

    assert (rewarded(), Payment.objects.count()) == ([45, 45], 2)


@pytest.mark.parametrize(
    "what",
    ["referrals.conversion.credit_the_referrer", "telemetry.operations.querysets.AuditEntryQuerySet.record"],
    ids=["second grant", "audit"],
)
def test_a_failure_leaves_nothing_and_says_why_and_the_next_try_succeeds_once(
    what, shop, brought, ada, bob, monkeypatch
):
    with monkeypatch.context() as patch:

        def broken(*_args, **_kwargs):
            raise RuntimeError

        patch.setattr(what, broken)
        deliver(told for told in shop.pay(bob) if told.type == "invoice.paid")
        work()

    brought.refresh_from_db()
    assert (rewarded(), brought.converted_at, Payment.objects.count()) == ([], None, 0)
    assert not Supporter.objects.filter(person=bob, tier="paid").exists()
    assert "RuntimeError" in StripeEvent.objects.get(type="invoice.paid").last_error

    work(later=timedelta(hours=1))
    work(later=timedelta(hours=2))

    assert rewarded() == [45, 45]
    assert Supporter.objects.get(person=bob).tier == "paid"


def test_a_worker_that_is_killed_before_the_commit_leaves_nothing_and_its_next_turn_rewards_once(
    shop, brought, ada, bob
):
    def killed(**_kwargs):
        raise KeyboardInterrupt

    invoice = [told for told in shop.pay(bob) if told.type == "invoice.paid"]
    membership_paid.connect(killed)
    try:
        deliver(invoice)
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        membership_paid.disconnect(killed)
    assert rewarded() == []

    work(later=timedelta(seconds=46))

    assert rewarded() == [45, 45]
    assert AuditEntry.objects.filter(action="referral.converted").count() == 1


def test_a_month_for_nothing_converts_nothing_and_the_first_money_does(shop, stripe, happen, brought, bob):
    happen(stripe.pays(shop.begin(bob).session_id, off=500))
    assert (rewarded(), Payment.objects.count()) == ([], 0)
    subscription = stripe.only("subscription")["id"]

    happen(stripe.fails_to_renew(subscription))
    assert rewarded() == []
    happen(stripe.catches_up(subscription))
    happen(stripe.renews(subscription))

    assert rewarded() == [45, 45]


def test_a_gift_converts_nobody_and_neither_does_a_guest_s(shop, stripe, happen, brought, ada, bob):
    happen(shop.pay(bob, "once", 1000))
    happen(shop.pay(bob, "monthly", 300))
    session = shop.begin(None, "once").session_id
    happen(stripe.pays(session, card=Card(email=ada.account.email)))

    assert rewarded() == []
    brought.refresh_from_db()
    assert brought.state == "pending"


def test_whom_staff_called_paid_converts_with_real_money(shop, happen, brought, ada, bob):
    Supporter.objects.create(person=bob, tier="paid")

    happen(shop.pay(bob))

    assert days_left(ada) == 45


@pytest.mark.parametrize(("amount", "left"), [(50, 45), (475, 0), (None, 0)])
def test_a_refund_takes_the_days_when_too_little_is_left(
    amount, left, shop, stripe, happen, brought, ada, bob, settings
):
    settings.REFERRAL_MINIMUM = 450
    happen(shop.pay(bob))

    happen(stripe.refunds(Payment.objects.get().charge_id, amount))

    assert days_left(ada) == days_left(bob) == left


def test_a_refund_that_fails_brings_them_back(shop, stripe, happen, brought, ada, bob):
    happen(shop.pay(bob))
    happen(stripe.refunds(Payment.objects.get().charge_id))
    assert days_left(ada) == 0

    happen(stripe.refund_fails(stripe.only("refund")["id"]))

    assert days_left(ada) == days_left(bob) == 45


def test_a_dispute_freezes_a_won_one_thaws_and_a_refund_after_it_takes_once(
    shop, stripe, happen, brought, ada, bob
):
    happen(shop.pay(bob))
    charge = Payment.objects.get().charge_id

    happen(stripe.disputes(charge))
    assert days_left(ada) == 0
    happen(stripe.dispute_becomes(stripe.only("dispute")["id"], "won"))
    assert days_left(ada) == 45
    happen(stripe.refunds(charge))
    assert days_left(ada) == days_left(bob) == 0

    assert sum(rewarded()) == 0


def test_a_warning_of_fraud_freezes(shop, stripe, happen, brought, ada, bob):
    happen(shop.pay(bob))

    happen(stripe.warns_of_fraud(Payment.objects.get().charge_id))

    brought.refresh_from_db()
    assert (brought.state, days_left(ada)) == ("held", 0)


def test_one_card_rewards_one_friend(shop, stripe, happen):
    first, second = just_brought(), just_brought()

    happen(shop.pay(first.referred))
    happen(shop.pay(second.referred))

    second.refresh_from_db()
    assert (second.state, second.reason) == ("held", "card_rewarded")
    assert Supporter.objects.get(person=second.referred).tier == "paid"


def test_a_second_membership_by_mistake_rewards_nothing_more(shop, stripe, happen, brought, ada, bob):
    sessions = [shop.begin(bob).session_id for _ in range(2)]

    for session in sessions:
        happen(stripe.pays(session))

    assert rewarded() == [45, 45]
    assert Payment.objects.filter(needs_refund=True).count() == 1


def test_a_refund_s_days_end_when_the_membership_does_where_they_are_banked(
    shop, stripe, happen, brought, ada, bob, settings
):
    settings.REFERRAL_CREDIT_START = "after_paid"
    happen(shop.pay(bob))
    assert (days_left(bob), CreditGrant.objects.standing_of(bob).banked_days) == (0, 45)

    happen(stripe.cancels(stripe.only("subscription")["id"], at_once=True))

    assert Supporter.objects.get(person=bob).tier == "free"
    assert (days_left(bob), CreditGrant.objects.standing_of(bob).banked_days) == (45, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", [1, pytest.param(25, marks=pytest.mark.slow)])
def test_four_workers_and_four_events_of_one_payment_convert_once(rounds, shop, stripe):
    for number in range(1, rounds + 1):
        brought = just_brought()
        card = Card(fingerprint=f"card{number}")
        deliver(stripe.pays(shop.begin(brought.referred).session_id, card=card))

        assert together([work] * 4) == [None] * 4  # nothing failed
        work(later=timedelta(hours=1))

        assert Referral.objects.get(pk=brought.pk).state == "converted"
        assert days_left(brought.referrer) == 45
        assert len(rewarded()) == 2 * number
        assert Payment.objects.count() == number


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", [1, pytest.param(25, marks=pytest.mark.slow)])
def test_an_event_that_is_delivered_five_times_at_once_counts_once(rounds, shop, stripe):
    for number in range(1, rounds + 1):
        brought = just_brought()
        card = Card(fingerprint=f"card{number}")
        told = stripe.pays(shop.begin(brought.referred).session_id, card=card)
        invoice = next(one for one in told if one.type == "invoice.paid")

        assert together([partial(deliver, [invoice])] * 5) == [None] * 5  # nothing failed
        work()

        assert StripeEvent.objects.filter(event_id=invoice.id).count() == 1
        assert len(rewarded()) == 2 * number
