"""Days follow the money: back when it goes, and again when it stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from referrals.jobs import credit_delayed, release_held
from referrals.models import CreditGrant
from referrals.tests.conftest import (
    DAY,
    NOON,
    D,
    a_payment,
    dispute,
    gives,
    introduced,
    loses,
    pays,
    refund,
    refund_fails,
    until,
    warns,
    wins,
)
from telemetry.models import AuditEntry
from telemetry.people.erasure import erase

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db):
    """Who decides."""
    return get_user_model().objects.create_user("grace@growth.example", is_staff=True)


def state(referral):
    referral.refresh_from_db()
    return referral.state


def test_a_refund_takes_what_is_left_and_writes_down_the_rest(brought, ada, bob):
    payment = pays(bob)

    refund(payment, at=NOON + 20 * DAY)

    assert state(brought) == "reversed"
    assert until(ada) == until(bob) == NOON + 20 * DAY
    taken = CreditGrant.objects.filter(kind="reversal")
    assert set(taken.values_list("days", "shortfall_seconds")) == {(-45, 20 * 86_400)}
    assert AuditEntry.objects.get(action="referral.reversed").cause == f"refund:re_{payment.pk}"


def test_of_three_grants_one_is_taken_and_the_others_stay(ada):
    payments = [pays(introduced(ada).referred) for _ in range(3)]

    refund(payments[0], at=NOON + 40 * DAY)

    assert until(ada) == NOON + 90 * DAY


def test_a_refund_is_counted_once_however_often_it_is_told(ada):
    first, second = introduced(ada), introduced(ada)
    payment = pays(first.referred)
    pays(second.referred)

    for _turn in range(3):
        refund(payment)

    assert until(ada) == NOON + D
    assert CreditGrant.objects.filter(kind="reversal").count() == 2


@pytest.mark.parametrize(("share", "kept"), [(50, True), (499, False), (500, False)])
def test_a_partial_refund_counts_when_too_little_is_left(share, kept, brought, ada, bob, settings):
    settings.REFERRAL_MINIMUM = 450
    payment = pays(bob)

    refund(payment, share)

    assert state(brought) == ("converted" if kept else "reversed")
    assert until(ada) == (NOON + D if kept else NOON + DAY)


def test_any_partial_refund_of_the_least_leaves_too_little(brought, bob):
    refund(pays(bob), 1)

    assert state(brought) == "reversed"


def test_a_refund_that_failed_gives_the_days_again(brought, ada, bob):
    payment = pays(bob)

    refund(payment)
    refund_fails(payment)
    refund_fails(payment)

    assert state(brought) == "converted"
    assert until(ada) == until(bob) == NOON + D
    assert CreditGrant.objects.filter(kind="reinstatement").count() == 2


def test_what_was_used_before_it_was_taken_is_not_given_a_second_time(brought, bob):
    payment = pays(bob)

    dispute(payment, NOON + 30 * DAY)
    wins(payment, NOON + 60 * DAY)

    assert until(bob) == NOON + 75 * DAY


def test_a_dispute_freezes_and_a_won_one_thaws(brought, ada, bob):
    payment = pays(bob)

    dispute(payment)
    assert (state(brought), brought.reason) == ("held", "disputed")
    assert until(ada) == until(bob) == NOON + DAY

    wins(payment)
    assert (state(brought), brought.reason) == ("converted", "")
    assert until(ada) == until(bob) == NOON + DAY + D


def test_a_lost_dispute_takes_nothing_a_second_time(brought, ada, bob):
    gives(ada, 100)
    payment = pays(bob)

    dispute(payment)
    loses(payment)

    assert (state(brought), brought.reason) == ("reversed", "money_went_back")
    assert until(ada) == NOON + 100 * DAY


def test_after_a_won_dispute_a_refund_takes_what_was_given_and_no_more(ada):
    first, second = introduced(ada), introduced(ada)
    payment = pays(first.referred)
    pays(second.referred)

    dispute(payment)
    wins(payment)
    refund(payment, at=NOON + 3 * DAY)
    refund(payment, at=NOON + 4 * DAY)

    assert until(ada) == NOON + D
    assert sum(CreditGrant.objects.filter(person=ada).values_list("days", flat=True)) == 45


def test_a_dispute_that_comes_back_freezes_again(brought, ada, bob):
    payment = pays(bob)

    for turn in range(3):
        dispute(payment, NOON + turn * DAY)
        assert until(ada) == NOON + turn * DAY
        wins(payment, NOON + turn * DAY)

    assert until(ada) == NOON + D


def test_a_warning_of_fraud_freezes_until_staff_decide(brought, ada, bob, staff):
    warns(pays(bob))

    assert (state(brought), brought.why) == ("held", "the payment is called fraudulent")
    assert until(ada) == NOON + DAY
    assert brought.approve(staff, "It was them.", NOON + 2 * DAY)
    assert state(brought) == "converted"
    assert until(ada) == NOON + DAY + D


def test_a_warning_about_a_dispute_that_is_lost_does_not_keep_the_days_frozen(brought, ada, bob, staff):
    payment = pays(bob)

    warns(payment)
    dispute(payment)
    loses(payment)

    assert (state(brought), brought.reason) == ("reversed", "money_went_back")
    assert not brought.approve(staff, "Why not.", NOON + 3 * DAY)
    assert until(ada) == until(bob) == NOON + DAY


@pytest.mark.parametrize("freezes", [warns, dispute])
def test_what_staff_let_through_stays_when_other_money_of_the_friend_goes_back(
    freezes, brought, ada, bob, staff
):
    freezes(pays(bob))
    assert brought.approve(staff, "It was them.", NOON + 2 * DAY)
    renewal = pays(bob, NOON + 30 * DAY, kind="renewal")

    refund(renewal, 1, NOON + 31 * DAY)
    warns(renewal, NOON + 32 * DAY)

    assert (state(brought), brought.reason) == ("converted", "")
    assert until(ada) == NOON + DAY + D


@pytest.mark.parametrize("freezes", [warns, dispute])
def test_what_staff_let_through_stays_while_enough_of_its_own_money_does(
    freezes, brought, ada, bob, staff, settings
):
    settings.REFERRAL_MINIMUM = 450
    payment = pays(bob)
    freezes(payment)
    assert brought.approve(staff, "It was them.", NOON + 2 * DAY)

    refund(payment, 50, NOON + 3 * DAY)
    assert (state(brought), until(ada)) == ("converted", NOON + DAY + D)

    refund(payment, 51, NOON + 4 * DAY)
    assert (state(brought), until(ada)) == ("reversed", NOON + 4 * DAY)


@pytest.mark.parametrize(
    ("known", "new", "reason"), [(warns, dispute, "disputed"), (dispute, warns, "warned")]
)
def test_what_staff_did_not_know_of_asks_for_their_word_again(known, new, reason, brought, ada, bob, staff):
    payment = pays(bob)
    known(payment)
    assert brought.approve(staff, "It was them.", NOON + 2 * DAY)

    new(payment, NOON + 3 * DAY)

    assert (state(brought), brought.reason) == ("held", reason)
    assert until(ada) == NOON + 3 * DAY


def test_what_nobody_let_through_is_frozen_by_a_warning_that_was_not_in_the_way_before(
    brought, ada, bob, settings
):
    """Two payments, of which either is enough: one is called fraudulent, then the other goes back."""
    settings.REFERRAL_MINIMUM = 1000
    first = pays(bob)
    second = pays(bob, NOON + DAY, kind="renewal")
    settings.REFERRAL_MINIMUM = 500

    warns(second, NOON + 2 * DAY)
    assert state(brought) == "converted"
    refund(first, at=NOON + 3 * DAY)

    assert (state(brought), brought.reason) == ("held", "warned")
    assert until(ada) == NOON + 3 * DAY


def test_a_warning_about_what_is_disputed_already_is_said_and_outlasts_a_won_dispute(brought, bob):
    payment = pays(bob)
    dispute(payment)

    warns(payment)
    assert (state(brought), brought.reason) == ("held", "warned")
    wins(payment)

    assert (state(brought), brought.reason) == ("held", "warned")


def test_the_refund_of_a_renewal_takes_nothing(brought, ada, bob):
    pays(bob)
    renewal = pays(bob, NOON + 30 * DAY, kind="renewal")

    refund(renewal, at=NOON + 31 * DAY)

    assert state(brought) == "converted"
    assert until(ada) == NOON + D


def test_a_payment_that_counted_towards_it_takes_it_along(brought, ada, bob, settings):
    settings.REFERRAL_MINIMUM = 1000
    first = pays(bob)
    pays(bob, NOON + 29 * DAY, kind="renewal")
    assert state(brought) == "converted"

    refund(first, at=NOON + 30 * DAY)

    assert state(brought) == "reversed"


def test_who_was_refunded_does_not_convert_again(brought, ada, bob):
    refund(pays(bob))

    pays(bob, NOON + 40 * DAY, kind="renewal")

    assert state(brought) == "reversed"
    assert until(ada) == NOON + DAY


def test_money_that_rewarded_nobody_goes_back_quietly(brought, ada, bob):
    refund(a_payment(bob))
    refund(a_payment(None))

    assert state(brought) == "pending"
    assert not CreditGrant.objects.exists()


def test_what_went_back_while_it_was_held_waits_for_no_decision(brought, bob):
    refund(pays(bob, risk_level="highest"))

    release_held(NOON + 14 * DAY)

    assert (state(brought), brought.decide_by) == ("reversed", None)


def test_a_delayed_reward_is_not_given_for_money_that_went_back(brought, ada, bob, settings):
    settings.REFERRAL_HOLD_DAYS = 14
    payment = pays(bob)
    refund(payment)
    assert credit_delayed(NOON + 14 * DAY) == 0

    refund_fails(payment, NOON + 15 * DAY)

    assert credit_delayed(NOON + 16 * DAY) == 1
    assert until(ada) == NOON + 16 * DAY + D


def test_a_capped_one_is_capped_again(ada, settings):
    settings.REFERRAL_YEARLY_CAP = 0
    capped = introduced(ada)
    payment = pays(capped.referred)

    dispute(payment)
    assert until(capped.referred) == NOON + DAY
    wins(payment)

    assert (state(capped), capped.reason) == ("capped", "cap")
    assert until(capped.referred) == NOON + DAY + D
    assert until(ada) is None


def test_when_the_friend_is_erased_the_referrer_s_days_still_follow_the_money(brought, ada, bob):
    payment = pays(bob)
    erase(bob, at=NOON + DAY)
    payment.refresh_from_db()

    refund(payment, at=NOON + 2 * DAY)

    assert state(brought) == "reversed"
    assert until(ada) == NOON + 2 * DAY


def test_when_the_referrer_is_erased_the_books_are_kept(brought, ada, bob):
    payment = pays(bob)
    erase(ada, at=NOON + DAY)

    refund(payment, at=NOON + 2 * DAY)

    assert until(bob) == NOON + 2 * DAY
    nobody_s = CreditGrant.objects.filter(person=None)
    assert sorted(nobody_s.values_list("days", flat=True)) == [-45, 45]


def test_no_window_is_shortened_below_now(brought, ada, bob):
    payment = pays(bob)

    refund(payment, at=NOON + timedelta(days=400))

    assert until(ada) is not None
    assert until(ada) >= NOON + D  # type: ignore[operator]
