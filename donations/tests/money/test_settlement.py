"""What follows from what Stripe tells, in whatever order and however often."""

from dataclasses import replace
from itertools import permutations

import pytest
from django.utils import timezone

from donations import gateway, pictures
from donations.models import Checkout, DonationInteraction, Payment, Subscription, Supporter, SupportMail
from donations.models.supporter import Tier
from donations.pictures import Picture
from donations.settlement import purchases
from donations.signals import membership_paid
from donations.tests.money.conftest import deliver, work
from telemetry.models import AuditEntry, Event

MEMBERSHIP = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "invoice.paid",
)


@pytest.fixture
def conversions():
    """Payments that the floors above heard of."""
    heard = []

    def hear(payment, **_kwargs):
        heard.append(payment.pk)

    membership_paid.connect(hear)
    yield heard
    membership_paid.disconnect(hear)


def test_what_settles_payment_and_tier_tells_of_the_payment_before_the_tier_flips(shop, person, settle):
    heard = []

    def look(payment, **_kwargs):
        heard.append(Supporter.objects.filter(person=payment.person, tier=Tier.PAID).exists())

    membership_paid.connect(look)
    try:
        settle(one for one in shop.pay(person) if one.type == "invoice.paid")
    finally:
        membership_paid.disconnect(look)

    assert heard == [False]
    assert Supporter.objects.get(person=person).tier == Tier.PAID


def end_state(person):
    """Everything that a member's first month leaves behind."""
    payment = Payment.objects.values(
        "kind", "person", "amount", "amount_refunded", "placement", "choice", "variant", "needs_refund"
    ).get()
    return (
        payment,
        Subscription.objects.values("person", "status", "is_membership", "duplicate_of").get(),
        Supporter.objects.values("tier", "grace_until", "last_gift_at").get(person=person),
        Checkout.objects.values_list("state", flat=True).get(),
        list(SupportMail.objects.values_list("kind", "address")),
        list(AuditEntry.objects.values_list("action", "before", "after")),
        list(DonationInteraction.objects.values_list("interaction_type", "placement", "variant")),
        list(Event.objects.values_list("type__name", flat=True)),
    )


@pytest.mark.parametrize("order", list(permutations(MEMBERSHIP)))
def test_all_orders_of_a_first_month_end_in_the_same_state(order, shop, person, conversions):
    told = {one.type: one for one in shop.pay(person)}
    for kind in order:
        deliver([told[kind]])
        work()

    payment, subscription, supporter, checkout, mails, audit, touches, events = end_state(person)
    assert conversions == [Payment.objects.get().pk]
    assert (payment["kind"], payment["amount"], payment["placement"]) == ("membership", 500, "header")
    assert subscription == {
        "person": person.pk,
        "status": "active",
        "is_membership": True,
        "duplicate_of": None,
    }
    assert supporter == {"tier": Tier.PAID, "grace_until": None, "last_gift_at": None}
    assert checkout == "paid"
    assert mails == [("receipt", person.account.email)]
    assert audit == [("supporter.tier", {"tier": "free"}, {"tier": "paid"})]
    assert touches == [("payment_succeeded", "header", "control")]
    assert events == ["support.payment_succeeded"]


def test_what_is_told_again_changes_nothing(shop, stripe, person, conversions, settle):
    told = shop.pay(person)
    settle(told)
    before = end_state(person)

    settle([stripe.again(one) for one in told])

    assert end_state(person) == before
    assert len(conversions) == 1


@pytest.mark.parametrize("status", ["open", "complete", "expired"])
def test_what_was_looked_at_before_the_money_came_changes_no_paid_checkout(
    status, shop, stripe, person, settle
):
    checkout = shop.begin(person, "once")
    settle(stripe.pays_later(checkout.session_id))
    stale = Picture(timezone.now(), replace(gateway.fetch_session(checkout.session_id), status=status))
    settle(stripe.money_arrives(checkout.session_id))
    paid = Checkout.objects.values().get()

    purchases.settle(stale, timezone.now(), cause="late")

    assert paid["state"] == "paid"
    assert Checkout.objects.values().get() == paid


@pytest.mark.parametrize("state", ["processing", "failed", "expired", "paid"])
def test_paid_is_the_end_of_a_checkout(state, shop, person, settle):
    settle(shop.pay(person, "once"))
    checkout = Checkout.objects.get()

    assert not checkout.move(state, at=timezone.now())
    assert checkout.state == Checkout.objects.get().state == "paid"


@pytest.fixture
def told_late(shop, stripe, person, settle):
    """What an old look at a membership that has ended makes of it: its status and the person's tier."""

    def told_late():
        settle(shop.pay(person))
        subscription = Subscription.objects.get()
        stale = pictures.of_subscription(subscription.stripe_id, timezone.now())
        settle(stripe.cancels(subscription.stripe_id, at_once=True))
        purchases.settle(stale, timezone.now(), cause="late")
        subscription.refresh_from_db()
        return subscription.status, Supporter.objects.get(person=person).tier

    return told_late


def test_what_was_looked_at_earlier_changes_no_subscription(told_late):
    assert told_late() == ("canceled", Tier.FREE)


@pytest.mark.guard
def test_without_the_comparison_of_times_an_old_look_brings_a_membership_back(told_late, monkeypatch):
    monkeypatch.setattr("donations.settlement.subscriptions._is_old", lambda row, fetched_at: False)

    assert told_late() == ("active", Tier.PAID)
