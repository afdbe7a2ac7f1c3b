"""Money goes back: amounts are Stripe's, what follows is told inside the transaction, and net stays exact."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.utils import timezone

from donations import pictures
from donations.events import PaymentRefunded, PaymentSucceeded
from donations.models import (
    DevelopmentObject,
    DonationInteraction,
    Payment,
    StripeEvent,
    Subscription,
    Supporter,
)
from donations.reversals import Cause
from donations.settlement.returns import settle_return
from donations.signals import payment_reinstated, payment_reversed
from donations.tests.money.conftest import deliver, work
from telemetry.models import Alert, Event


@pytest.fixture
def heard():
    """What the floors above hear, in order."""
    heard = []

    def gone(reversal, **_kwargs):
        heard.append(("gone", reversal.cause, reversal.is_final))

    def back(reversal, **_kwargs):
        heard.append(("back", reversal.cause, reversal.is_final))

    payment_reversed.connect(gone)
    payment_reinstated.connect(back)
    yield heard
    payment_reversed.disconnect(gone)
    payment_reinstated.disconnect(back)


@pytest.fixture
def paid(shop, person, settle):
    """A gift of ten euros."""
    settle(shop.pay(person, "once", 1000))
    return Payment.objects.get()


def net_of_the_log():
    """What the funnel says it earned."""
    paid = Event.objects.filter(type__name=PaymentSucceeded.name)
    back = Event.objects.filter(type__name=PaymentRefunded.name)
    gained, returned = (sum(rows.values_list("properties__amount", flat=True)) for rows in (paid, back))
    return gained - returned


def test_a_refund_in_parts_is_what_stripe_says_it_comes_to(stripe, paid, settle, heard):
    settle(stripe.refunds(paid.charge_id, 100))
    settle(stripe.refunds(paid.charge_id, 850))

    paid.refresh_from_db()
    assert (paid.amount_refunded, paid.net.amount, net_of_the_log()) == (950, 50, 50)
    assert heard == [("gone", Cause.REFUND, True)] * 2
    assert DonationInteraction.objects.filter(interaction_type="payment_refunded").count() == 2


def test_whoever_hears_of_it_and_fails_undoes_it_all_and_the_event_is_tried_again(stripe, paid, settle):
    def fail(**_kwargs):
        raise LookupError

    payment_reversed.connect(fail)
    try:
        settle(stripe.refunds(paid.charge_id, 300))
        paid.refresh_from_db()
        assert paid.amount_refunded == 0
        assert set(waiting().values_list("state", "last_error")) == {("pending", "LookupError")}
    finally:
        payment_reversed.disconnect(fail)
    work(later=timedelta(minutes=2))

    paid.refresh_from_db()
    assert (paid.amount_refunded, net_of_the_log()) == (300, 700)
    assert not waiting().exists()


def waiting():
    """What Stripe told and is not settled."""
    return StripeEvent.objects.exclude(state="done")


def test_a_gift_that_went_back_altogether_is_none(stripe, paid, settle):
    settle(stripe.refunds(paid.charge_id))

    assert Supporter.objects.get(person=paid.person).last_gift_at is None
    assert net_of_the_log() == 0


def test_a_refund_that_fails_at_the_bank_puts_the_money_back(stripe, paid, settle, heard):
    settle(stripe.refunds(paid.charge_id))
    settle(stripe.refund_fails(stripe.only("refund")["id"]))

    paid.refresh_from_db()
    assert (paid.amount_refunded, net_of_the_log()) == (0, 1000)
    assert heard == [("gone", Cause.REFUND, True), ("back", Cause.REFUND, True)]
    assert Supporter.objects.get(person=paid.person).last_gift_at == paid.paid_at


def test_what_is_told_of_a_refund_again_and_in_any_order_counts_once(stripe, paid, heard):
    told = stripe.refunds(paid.charge_id, 300)
    for order in permutations(told):
        deliver([stripe.again(one) for one in order])
        work()
    StripeEvent.objects.filter(type__in=("refund.created", "charge.refunded")).update(state="pending")
    work()

    assert (net_of_the_log(), len(heard)) == (700, 1)


@pytest.mark.parametrize(
    ("outcome", "net", "last"),
    [
        ("lost", 0, ("gone", Cause.DISPUTE, True)),
        ("won", 1000, ("back", Cause.DISPUTE, True)),
        ("prevented", 1000, ("back", Cause.DISPUTE, True)),
    ],
)
def test_a_dispute_freezes_and_its_end_decides(outcome, net, last, stripe, paid, settle, heard):
    settle(stripe.disputes(paid.charge_id))
    paid.refresh_from_db()
    assert (paid.dispute, paid.net.amount) == ("open", 1000)
    assert heard == [("gone", Cause.DISPUTE, False)]

    settle(stripe.dispute_becomes(stripe.only("dispute")["id"], outcome))

    paid.refresh_from_db()
    assert (paid.net.amount, net_of_the_log(), heard[1:]) == (net, net, [last])


def test_an_inquiry_that_is_closed_takes_nothing(stripe, paid, settle, heard):
    settle(stripe.disputes(paid.charge_id, status="warning_needs_response"))
    settle(stripe.dispute_becomes(stripe.only("dispute")["id"], "warning_closed"))

    paid.refresh_from_db()
    assert (paid.dispute, paid.net.amount) == ("won", 1000)
    assert [what for what, *_rest in heard] == ["gone", "back"]


def test_a_dispute_first_seen_as_won_moves_nothing(stripe, paid, settle, heard):
    told = stripe.disputes(paid.charge_id)
    stripe.dispute_becomes(stripe.only("dispute")["id"], "won")

    settle(told)

    paid.refresh_from_db()
    assert (paid.dispute, heard) == ("won", [])


def test_a_lost_dispute_that_is_won_on_appeal_brings_the_money_back(stripe, paid, settle, heard):
    settle(stripe.disputes(paid.charge_id))
    dispute = stripe.only("dispute")["id"]
    settle(stripe.dispute_becomes(dispute, "lost"))
    settle(stripe.dispute_becomes(dispute, "won"))

    paid.refresh_from_db()
    assert (paid.dispute, net_of_the_log()) == ("won", 1000)
    assert heard[-1] == ("back", Cause.DISPUTE, True)


def test_an_early_fraud_warning_freezes_once(stripe, paid, settle, heard):
    told = stripe.warns_of_fraud(paid.charge_id)

    settle(told)
    settle([stripe.again(one) for one in told])

    paid.refresh_from_db()
    assert paid.is_fraudulent
    assert heard == [("gone", Cause.FRAUD, False)]


@pytest.mark.parametrize("report", [{"user_report": "fraudulent"}, {"stripe_report": "fraudulent"}])
def test_a_charge_that_was_reported_as_fraudulent_freezes_once(report, stripe, paid, settle, heard):
    DevelopmentObject.objects.change(stripe.only("charge"), fraud_details=report)

    settle(stripe.refunds(paid.charge_id, 100))
    settle(stripe.warns_of_fraud(paid.charge_id))

    paid.refresh_from_db()
    assert paid.is_fraudulent
    assert heard == [("gone", Cause.REFUND, True), ("gone", Cause.FRAUD, False)]


def test_a_charge_that_was_reported_as_safe_is_not_frozen(stripe, paid, settle, heard):
    DevelopmentObject.objects.change(stripe.only("charge"), fraud_details={"user_report": "safe"})

    settle(stripe.refunds(paid.charge_id, 100))

    paid.refresh_from_db()
    assert not paid.is_fraudulent


def test_a_refund_of_what_is_not_recorded_yet_waits_for_it(shop, stripe, person):
    paid = shop.pay(person, "once")
    refunded = stripe.refunds(stripe.only("charge")["id"])
    deliver(refunded)
    work()
    assert not Payment.objects.exists()

    deliver(paid)
    work(later=timedelta(minutes=2))

    assert Payment.objects.get().net.amount == 0
    assert not Alert.objects.exists()


def test_a_refund_that_was_looked_at_before_its_payment_was_counts(shop, stripe, person, settle):
    told = shop.pay(person, "once")
    stripe.refunds(stripe.only("charge")["id"], 300)
    seen = pictures.of_refund(stripe.only("refund")["id"], timezone.now())
    settle(told)
    now = timezone.now()

    assert settle_return(seen, now, happened_at=now, cause="slow").amount_refunded == 300


def test_a_refunded_renewal_is_no_step_of_the_funnel(shop, stripe, person, settle):
    settle(shop.pay(person))
    settle(stripe.renews(Subscription.objects.get().stripe_id))
    renewal = Payment.objects.get(kind="renewal")

    settle(stripe.refunds(renewal.charge_id))

    renewal.refresh_from_db()
    assert (renewal.net.amount, net_of_the_log()) == (0, 500)


def test_the_membership_follows_stripe_and_not_the_refund(shop, stripe, person, settle):
    settle(shop.pay(person))

    settle(stripe.refunds(Payment.objects.get().charge_id))

    assert Supporter.objects.get(person=person).has_paid_access(timezone.now())


def test_the_second_membership_is_settled_with_its_refund(shop, stripe, person, settle):
    settle(shop.pay(person))
    settle(shop.pay(person))
    second = Payment.objects.get(needs_refund=True)

    settle(stripe.refunds(second.charge_id))

    second.refresh_from_db()
    assert not second.needs_refund


@pytest.mark.guard
def test_without_the_comparison_of_times_a_stale_fetch_takes_a_refund_back(stripe, paid, settle, monkeypatch):
    stale = pictures.of_charge(paid.charge_id, timezone.now())
    settle(stripe.refunds(paid.charge_id))
    now = timezone.now()

    assert settle_return(stale, now, happened_at=now, cause="late").amount_refunded == 1000
    monkeypatch.setattr("donations.settlement.returns._is_old", lambda fetched_at, seen: False)
    assert settle_return(stale, now, happened_at=now, cause="later").amount_refunded == 0


@pytest.fixture
def told_late(stripe, paid, settle):
    """What an old look at a dispute, which was won since, makes of the payment."""

    def told_late():
        settle(stripe.disputes(paid.charge_id))
        dispute = stripe.only("dispute")["id"]
        stale = pictures.of_dispute(dispute, timezone.now())
        settle(stripe.dispute_becomes(dispute, "won"))
        now = timezone.now()
        return settle_return(stale, now, happened_at=now, cause="late").dispute

    return told_late


def test_what_was_looked_at_while_a_dispute_was_open_freezes_nothing_once_it_is_won(told_late, heard):
    assert told_late() == "won"
    assert [what for what, *_rest in heard] == ["gone", "back"]


@pytest.mark.guard
def test_without_the_comparison_of_times_an_old_look_opens_a_dispute_again(told_late, heard, monkeypatch):
    monkeypatch.setattr("donations.settlement.returns._is_old", lambda fetched_at, seen: False)

    assert told_late() == "open"
    assert [what for what, *_rest in heard] == ["gone", "back", "gone"]
