"""What Stripe is to do for us is a row first, and done once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from donations.models import Payment, StripeErrand, Subscription
from donations.refunds import RefundRefused
from donations.tests.money.conftest import work
from donations.tests.stripe.faults import Fault
from telemetry.models import Alert, AuditEntry


@pytest.fixture
def paid(shop, person, settle):
    """Ten euros that were given."""
    settle(shop.pay(person, "once", 1000))
    return Payment.objects.get()


@pytest.fixture
def give_back(paid, admin_user):
    """Staff refund it, or some of it."""

    def give_back(amount=1000):
        return paid.refund(amount, by=admin_user, reason="They asked.", at=timezone.now())

    return give_back


def test_a_refund_is_written_down_before_stripe_is_asked(paid, give_back, stripe, admin_user):
    errand = give_back(300)

    assert stripe.made("refund") == 0
    assert (errand.state, errand.amount, errand.object_id) == ("pending", 300, paid.payment_intent_id)
    entry = AuditEntry.objects.get(action="payment.refund_asked")
    assert (entry.actor, entry.cause, entry.after) == (
        admin_user,
        "They asked.",
        {"amount": 300, "currency": "eur"},
    )


def test_a_refund_is_done_once_and_settled_without_waiting_for_its_event(paid, give_back, stripe, settle):
    give_back(300)
    work()
    settle(stripe.untold())

    paid.refresh_from_db()
    assert (stripe.made("refund"), paid.amount_refunded) == (1, 300)


def test_a_second_click_is_refused_while_the_first_is_under_way(give_back, paid):
    give_back(300)

    with pytest.raises(RefundRefused, match="under way"):
        give_back(300)
    with pytest.raises(IntegrityError), transaction.atomic():
        StripeErrand.objects.create(
            kind="refund", object_id="pi", key="k", payment=paid, amount=1, next_try_at=timezone.now()
        )


@pytest.mark.parametrize("amount", [0, -1, 1001])
def test_no_more_goes_back_than_is_left(amount, give_back):
    with pytest.raises(RefundRefused, match="1000"):
        give_back(amount)
    assert not StripeErrand.objects.exists()


def test_what_is_disputed_is_not_refunded(give_back, paid, stripe, settle):
    settle(stripe.disputes(paid.charge_id))

    with pytest.raises(RefundRefused, match="disputed"):
        give_back()


BAD_DAYS = [Fault.ANSWER_LOST, Fault.ERROR, Fault.CONFLICT, Fault.RATE_LIMITED, Fault.DOWN]


@pytest.mark.parametrize("fault", BAD_DAYS)
def test_an_answer_that_is_lost_refunds_no_second_time(fault, give_back, stripe, paid):
    give_back(300)
    stripe.will(fault, times=2, on="/refunds")
    for minutes in (0, 2, 8):
        work(later=timedelta(minutes=minutes))

    paid.refresh_from_db()
    assert (stripe.made("refund"), paid.amount_refunded) == (1, 300)


def test_a_no_of_stripe_s_is_kept_and_told(give_back, stripe, paid):
    errand = give_back()
    stripe.refunds(paid.charge_id)
    work()

    errand.refresh_from_db()
    assert (errand.state, errand.refusal) == ("done", "charge_already_refunded")
    assert Alert.objects.open().get().key == f"stripe:refused:{errand.pk}"


@pytest.mark.parametrize("fault", [Fault.KEY_UNKNOWN, Fault.KEY_MAY_NOT])
def test_what_a_wrong_key_could_not_end_is_ended_once_the_key_is_right(fault, shop, stripe, person, settle):
    settle(shop.pay(person))
    subscription = Subscription.objects.get()
    StripeErrand.objects.queue_once(StripeErrand.Kind.CANCEL, subscription.stripe_id, at=timezone.now())
    stripe.will(fault, on=subscription.stripe_id)

    work()
    assert StripeErrand.objects.get().state == "pending"
    alert = Alert.objects.open().get()
    assert (alert.key, "GatewayDenied" in alert.message) == ("stripe:failing-errands", True)

    work(later=timedelta(minutes=2))
    subscription.refresh_from_db()
    assert (StripeErrand.objects.get().refusal, subscription.status) == ("", "canceled")
    assert not Alert.objects.open().exists()


def test_an_errand_that_goes_well_says_nothing_of_one_that_still_may_not_be_done(give_back, shop, stripe):
    give_back(300)
    stripe.will(Fault.KEY_MAY_NOT, times=2, on="/refunds")
    work()
    StripeErrand.objects.queue_once("expire", shop.begin(None, "once").session_id, at=timezone.now())

    work(later=timedelta(minutes=2))

    assert set(StripeErrand.objects.values_list("kind", "state")) == {
        ("refund", "pending"),
        ("expire", "done"),
    }
    assert Alert.objects.open().get().key == "stripe:failing-errands"


@pytest.mark.parametrize("fault", BAD_DAYS)
def test_that_stripe_is_away_for_a_while_is_no_alert(fault, give_back, stripe):
    give_back(300)
    stripe.will(fault, times=2, on="/refunds")

    work()

    assert StripeErrand.objects.get().state == "pending"
    assert not Alert.objects.exists()


def test_what_was_given_up_and_is_done_when_tried_again_closes_its_alert(give_back, stripe):
    errand = give_back(300)
    StripeErrand.objects.update(attempts=StripeErrand.max_attempts - 1)
    stripe.will(Fault.KEY_UNKNOWN, on="/refunds")
    work()
    errand.refresh_from_db()

    errand.revive(timezone.now())
    work()

    assert StripeErrand.objects.get().state == "done"
    assert Alert.objects.open().get().key == "dead:donations.stripeerrand"


def test_a_refund_that_waited_longer_than_its_key_lives_is_not_tried_again(give_back, stripe):
    errand = give_back()

    work(later=timedelta(hours=23, minutes=1))

    errand.refresh_from_db()
    assert (stripe.made("refund"), errand.refusal) == (0, "too_late")


def test_a_refund_in_parts_ends_where_nothing_is_left(give_back, paid):
    give_back(400)
    work()
    give_back(600)
    work()

    with pytest.raises(RefundRefused):
        give_back(1)
    paid.refresh_from_db()
    assert paid.net.amount == 0


def test_a_checkout_is_closed_once(shop, stripe, person):
    checkout = shop.begin(person)
    for _time in range(2):
        StripeErrand.objects.queue_once("expire", checkout.session_id, at=timezone.now())
    work()

    checkout.refresh_from_db()
    assert (checkout.state, StripeErrand.objects.count()) == ("expired", 1)


def test_a_checkout_that_was_paid_meanwhile_is_settled_and_not_closed(shop, stripe, person):
    checkout = shop.begin(person)
    stripe.pays(checkout.session_id)
    StripeErrand.objects.queue_once("expire", checkout.session_id, at=timezone.now())
    work()

    checkout.refresh_from_db()
    assert (checkout.state, Payment.objects.count()) == ("paid", 1)


@pytest.mark.guard
def test_without_the_same_key_a_lost_answer_refunds_twice(give_back, stripe, monkeypatch):
    from itertools import count

    from donations import gateway

    keys, refund = count(), gateway.refund
    monkeypatch.setattr(
        gateway, "refund", lambda intent, *, amount, key: refund(intent, amount=amount, key=f"{next(keys)}")
    )
    give_back(300)
    stripe.will(Fault.ANSWER_LOST, times=2, on="/refunds")
    work()
    work(later=timedelta(minutes=2))

    assert stripe.made("refund") > 1
