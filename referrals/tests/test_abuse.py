"""What speaks against a reward. The payment stands, whatever is said of the reward."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from donations.models import StripeCustomer
from referrals import verdicts
from referrals.jobs import release_held
from referrals.likeness import are_alike, is_disposable, normalised
from referrals.models import CreditGrant, Referral
from referrals.models.referral import Reason
from referrals.querysets.credits import ReasonRequired
from referrals.tests.conftest import (
    DAY,
    HOUR,
    NOON,
    D,
    a_friend_paid,
    a_payment,
    dispute,
    introduced,
    loses,
    pays,
    refund,
    refund_fails,
    somebody,
    until,
    warns,
    wins,
)
from telemetry.models import Alert, AuditEntry
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

CARD = "c" * 64
FORTNIGHT = timedelta(days=14)


@pytest.fixture
def staff(db):
    """Who decides."""
    return get_user_model().objects.create_user("grace@growth.example", is_staff=True)


def verdict(referral):
    referral.refresh_from_db()
    return referral.state, referral.reason


def said_by(staff):
    """What somebody of the staff did and why, as it was written down."""
    return list(AuditEntry.objects.filter(actor=staff).order_by("pk").values_list("action", "cause"))


# --- What is refused ---


def as_staff(_ada, bob):
    get_user_model().objects.filter(person=bob).update(is_staff=True)


def brought_by_staff(ada, _bob):
    get_user_model().objects.filter(person=ada).update(is_staff=True)


def as_a_test(_ada, bob):
    Person.objects.filter(pk=bob.pk).update(kept_out="internal")


def brought_by_a_bot(ada, _bob):
    Person.objects.filter(pk=ada.pk).update(kept_out="bot")


def brought_by_somebody_suspended(ada, _bob):
    get_user_model().objects.filter(person=ada).update(is_active=False)


def by_a_disabled_code(ada, _bob):
    ada.referral_codes.update(disabled_at=NOON - HOUR)


def with_the_same_address(ada, bob):
    get_user_model().objects.filter(person=ada).update(email="a.d.a@gmail.com")
    get_user_model().objects.filter(person=bob).update(email="Ada+two@googlemail.com")


def as_the_same_customer(ada, _bob):
    StripeCustomer.objects.create(customer_id="cus_1", person=ada, livemode=False, created_at=NOON)


def as_a_customer_the_referrer_paid_as(ada, _bob):
    a_payment(ada, NOON - DAY, customer_id="cus_1")


def with_the_referrer_s_card(ada, _bob):
    a_payment(ada, NOON - DAY, card_digest=CARD, kind="once")


def who_paid_before_the_link(_ada, bob):
    a_payment(bob, NOON - 3 * HOUR)


def who_had_an_account_before_the_link(_ada, bob):
    get_user_model().objects.filter(person=bob).update(date_joined=NOON - 3 * HOUR)


@pytest.mark.parametrize(
    ("somehow", "reason"),
    [
        (as_staff, Reason.HOUSE),
        (brought_by_staff, Reason.HOUSE),
        (as_a_test, Reason.HOUSE),
        (brought_by_a_bot, Reason.HOUSE),
        (brought_by_somebody_suspended, Reason.SUSPENDED),
        (by_a_disabled_code, Reason.CODE_DISABLED),
        (with_the_same_address, Reason.SAME_ADDRESS),
        (as_the_same_customer, Reason.SAME_CUSTOMER),
        (as_a_customer_the_referrer_paid_as, Reason.SAME_CUSTOMER),
        (with_the_referrer_s_card, Reason.SAME_CARD),
        (who_paid_before_the_link, Reason.PAID_BEFORE),
        (who_had_an_account_before_the_link, Reason.THERE_BEFORE),
    ],
)
def test_a_reward_is_refused(somehow, reason, brought, ada, bob):
    somehow(ada, bob)

    payment = pays(bob, customer_id="cus_1", card_digest=CARD)
    pays(bob, NOON + 30 * DAY, kind="renewal", customer_id="cus_1", card_digest=CARD)

    assert verdict(brought) == ("rejected", reason)
    assert (brought.payment, brought.converted_at) == (payment, None)
    assert not CreditGrant.objects.exists()
    assert AuditEntry.objects.filter(action="referral.rejected", after__reason=reason).count() == 1
    assert brought.why == reason.label


# --- What is held ---


def with_a_card_that_was_rewarded(_ada, _bob):
    a_friend_paid(somebody(), NOON - DAY, card_digest=CARD)


def with_an_address_like_the_referrer_s(ada, bob):
    get_user_model().objects.filter(person=ada).update(email="adalovelace1@growth.example")
    get_user_model().objects.filter(person=bob).update(email="ada.lovelace2@elsewhere.example")


def with_a_mailbox_to_be_thrown_away(_ada, bob):
    get_user_model().objects.filter(person=bob).update(email="bob@eu.mailinator.com")


def out_of_a_busy_network(_ada, bob):
    for _turn in range(3):
        a_friend_paid(somebody(), NOON - 29 * DAY, "n")
    Referral.objects.filter(referred=bob).update(network_digest="n")


def as_the_sixth_in_a_day(ada, _bob):
    for _turn in range(5):
        a_friend_paid(ada, NOON - 23 * HOUR)


def by_somebody_whose_friends_have_their_money_back(ada, _bob):
    for number in range(4):
        payment = a_friend_paid(ada, NOON - 9 * DAY)
        if number == 0:
            refund(payment, at=NOON - 8 * DAY)


@pytest.mark.parametrize(
    ("somehow", "reason"),
    [
        (with_a_card_that_was_rewarded, Reason.CARD_REWARDED),
        (with_an_address_like_the_referrer_s, Reason.SIMILAR),
        (with_a_mailbox_to_be_thrown_away, Reason.DISPOSABLE),
        (out_of_a_busy_network, Reason.NETWORK),
        (as_the_sixth_in_a_day, Reason.RUSH),
        (by_somebody_whose_friends_have_their_money_back, Reason.REFUNDS),
    ],
)
def test_a_reward_is_held_and_decided_by_time_if_nobody_does(somehow, reason, brought, ada, bob):
    somehow(ada, bob)

    pays(bob, card_digest=CARD)

    assert verdict(brought) == ("held", reason)
    assert (until(bob), brought.decide_by) == (None, NOON + FORTNIGHT)
    assert release_held(NOON + FORTNIGHT - HOUR) == 0
    release_held(NOON + FORTNIGHT)
    assert until(bob) == (None if reason is Reason.CARD_REWARDED else NOON + FORTNIGHT + D)


@pytest.mark.parametrize("risk", ["elevated", "highest", "normal"])
def test_a_payment_that_is_a_risk_holds_the_reward(risk, brought, bob):
    pays(bob, risk_level=risk)

    assert verdict(brought) == (("converted", "") if risk == "normal" else ("held", Reason.RISK))


def test_a_payment_called_fraudulent_holds_what_other_money_is_enough_for(brought, bob):
    a_payment(bob)
    assert verdict(brought)[0] == "pending"

    pays(bob, NOON + DAY, kind="renewal", is_fraudulent=True)

    assert verdict(brought) == ("held", Reason.RISK)


@pytest.mark.parametrize(
    "little",
    [
        lambda ada: [a_friend_paid(ada, NOON - 25 * HOUR) for _ in range(5)],
        lambda ada: [a_friend_paid(ada, NOON - HOUR) for _ in range(4)],
        lambda ada: [a_friend_paid(ada, NOON - 2 * DAY, "n") for _ in range(2)],
        lambda ada: [a_friend_paid(ada, NOON - 31 * DAY, "n") for _ in range(3)],
        lambda ada: refund(a_friend_paid(ada, NOON - 3 * DAY), at=NOON - 2 * DAY),
    ],
    ids=["five yesterday", "four today", "two of a network", "three a month ago", "one of one refunded"],
)
def test_little_speaks_against_nobody(little, brought, ada, bob):
    little(ada)
    Referral.objects.filter(referred=bob).update(network_digest="n")

    pays(bob)

    assert verdict(brought) == ("converted", "")


def test_what_is_known_outweighs_what_is_only_alike(brought, ada, bob):
    as_staff(ada, bob)

    pays(bob, risk_level="highest")

    assert verdict(brought) == ("rejected", Reason.HOUSE)


def test_many_refunds_are_an_alert(ada):
    payments = [a_friend_paid(ada, NOON - 9 * DAY) for _ in range(4)]
    assert not Alert.objects.exists()

    refund(payments[0], at=NOON)

    assert Alert.objects.get().key == f"referrals.refunds:{ada.public_id}"


# --- One reward a card ---


def test_the_database_rewards_a_card_once(ada):
    for _turn in range(2):
        introduced(ada)
    first, second = Referral.objects.order_by("pk")
    Referral.objects.filter(pk=first.pk).update(card_digest=CARD)

    with pytest.raises(IntegrityError), transaction.atomic():
        Referral.objects.filter(pk=second.pk).update(card_digest=CARD)


def without_the_rule(monkeypatch):
    rules = {reason: rule for reason, rule in verdicts.HELD.items() if reason is not Reason.CARD_REWARDED}
    monkeypatch.setattr(verdicts, "HELD", rules)


def test_the_database_has_the_last_word_about_a_card(brought, bob, monkeypatch):
    without_the_rule(monkeypatch)
    with_a_card_that_was_rewarded(None, None)

    pays(bob, card_digest=CARD)

    assert verdict(brought) == ("held", Reason.CARD_REWARDED)
    assert until(bob) is None


# --- Staff decide ---


def test_staff_let_a_held_reward_through(brought, ada, bob, staff):
    pays(bob, risk_level="highest")

    assert brought.approve(staff, "I know them both.", NOON + DAY)
    assert not brought.approve(staff, "Again.", NOON + DAY)

    assert verdict(brought) == ("converted", "")
    assert brought.decided_by == staff
    assert until(ada) == until(bob) == NOON + DAY + D
    audit = AuditEntry.objects.get(actor=staff)
    assert (audit.action, audit.cause) == ("referral.converted", "I know them both.")
    assert release_held(NOON + 90 * DAY) == 0


def test_staff_let_a_refused_reward_through(brought, ada, bob, staff):
    by_a_disabled_code(ada, bob)
    pays(bob)

    assert brought.approve(staff, "Our mistake.", NOON + DAY)

    assert until(ada) == until(bob) == NOON + DAY + D


def test_staff_vouch_for_a_card(brought, bob, staff):
    with_a_card_that_was_rewarded(None, None)
    pays(bob, card_digest=CARD)

    assert brought.approve(staff, "A couple.", NOON + DAY)

    assert until(bob) == NOON + DAY + D


def test_staff_lift_the_cap(ada, staff, settings):
    settings.REFERRAL_YEARLY_CAP = 0
    capped = introduced(ada)
    pays(capped.referred)

    assert capped.approve(staff, "A teacher.", NOON + DAY)

    assert verdict(capped) == ("converted", "")
    assert said_by(staff) == [("referral.converted", "A teacher.")]
    assert until(ada) == NOON + DAY + D
    assert until(capped.referred) == NOON + D


def test_staff_refuse_what_is_held(brought, bob, staff):
    pays(bob, risk_level="highest")

    assert brought.reject(staff, "Stolen card.", NOON + DAY)
    assert not brought.reject(staff, "Again.", NOON + DAY)

    assert verdict(brought) == ("rejected", "Stolen card.")
    assert said_by(staff) == [("referral.rejected", "Stolen card.")]
    assert release_held(NOON + 90 * DAY) == 0
    assert not CreditGrant.objects.exists()


def test_staff_take_back_what_was_given_and_may_think_better_of_it(brought, ada, bob, staff):
    payment = pays(bob)

    assert brought.reject(staff, "One person.", NOON + DAY)
    assert until(ada) == until(bob) == NOON + DAY
    dispute(payment, NOON + 2 * DAY)
    wins(payment, NOON + 3 * DAY)
    assert verdict(brought)[0] == "rejected"
    assert brought.approve(staff, "Two, after all.", NOON + 4 * DAY)

    assert verdict(brought) == ("converted", "")
    assert said_by(staff) == [
        ("referral.rejected", "One person."),
        ("referral.reinstated", "Two, after all."),
    ]
    assert until(ada) == until(bob) == NOON + 3 * DAY + D


def test_nobody_decides_without_a_reason(brought, staff):
    for decide in (brought.approve, brought.reject):
        with pytest.raises(ReasonRequired):
            decide(staff, " ", NOON)
        with pytest.raises(ReasonRequired):
            decide(None, "Why.", NOON)


def test_who_has_not_paid_cannot_be_let_through(brought, staff):
    assert not brought.approve(staff, "A friend of mine.", NOON)


def test_what_went_back_cannot_be_let_through(brought, bob, staff):
    refund(pays(bob, risk_level="highest"))

    assert not brought.approve(staff, "Why not.", NOON + 2 * DAY)


def test_what_went_back_while_it_was_held_can_be_let_through_once_it_stands_again(brought, ada, bob, staff):
    payment = pays(bob, risk_level="highest")
    refund(payment)
    release_held(NOON + FORTNIGHT)
    assert verdict(brought) == ("reversed", Reason.MONEY_WENT_BACK)
    assert not brought.approve(staff, "Too early.", NOON + 15 * DAY)

    refund_fails(payment, NOON + 16 * DAY)

    assert brought.approve(staff, "The bank sent it back.", NOON + 17 * DAY)
    assert until(ada) == until(bob) == NOON + 17 * DAY + D


@pytest.mark.parametrize("first_refused", [False, True])
def test_a_warning_of_fraud_before_the_reward_waits_for_staff_who_may_give_it(
    first_refused, brought, ada, bob, staff
):
    warns(pays(bob, risk_level="highest"))
    assert release_held(NOON + FORTNIGHT) == 0
    assert verdict(brought)[0] == "held"
    if first_refused:
        assert brought.reject(staff, "It looks stolen.", NOON + 15 * DAY)

    assert brought.approve(staff, "It was them.", NOON + 16 * DAY)

    assert verdict(brought) == ("converted", "")
    assert until(ada) == until(bob) == NOON + 16 * DAY + D


def test_staff_let_through_again_what_was_frozen_for_fraud_and_refused(brought, ada, bob, staff):
    warns(pays(bob), NOON + DAY)
    assert brought.reject(staff, "It looks stolen.", NOON + 2 * DAY)

    assert brought.approve(staff, "It was them.", NOON + 3 * DAY)

    assert verdict(brought) == ("converted", "")
    assert until(ada) == until(bob) == NOON + 2 * DAY + D  # the first day was used before it was frozen


def test_staff_do_not_let_through_what_is_in_dispute_before_the_reward(brought, bob, staff):
    payment = pays(bob, risk_level="highest")
    warns(payment)
    dispute(payment, NOON + 2 * DAY)

    assert not brought.approve(staff, "Too early.", NOON + 3 * DAY)
    wins(payment, NOON + 4 * DAY)
    assert brought.approve(staff, "The bank says so too.", NOON + 5 * DAY)


# --- Time decides ---


def test_what_went_back_meanwhile_is_not_released(brought, bob):
    refund(pays(bob, risk_level="highest"))

    assert release_held(NOON + FORTNIGHT) == 0

    assert verdict(brought) == ("reversed", Reason.MONEY_WENT_BACK)


def test_what_is_disputed_waits_on(brought, bob):
    payment = pays(bob, risk_level="elevated")
    dispute(payment)
    assert release_held(NOON + FORTNIGHT) == 0
    assert verdict(brought)[0] == "held"

    wins(payment, NOON + 20 * DAY)

    assert release_held(NOON + 21 * DAY) == 1


def test_what_is_called_fraudulent_is_staff_s_once_the_time_is_over(brought, bob):
    warns(pays(bob, risk_level="highest"))
    assert verdict(brought) == ("held", Reason.RISK)

    assert release_held(NOON + FORTNIGHT) == 0

    assert verdict(brought) == ("held", Reason.WARNED)
    assert brought.decide_by is None
    assert not Referral.objects.to_release(NOON + 90 * DAY).exists()
    assert AuditEntry.objects.filter(action="referral.held", after__reason=Reason.WARNED).count() == 1


@pytest.mark.parametrize("goes", [refund, loses])
def test_what_is_staff_s_and_goes_back_waits_no_longer(goes, brought, bob, staff):
    payment = pays(bob, risk_level="highest")
    warns(payment)
    release_held(NOON + FORTNIGHT)

    goes(payment, at=NOON + 15 * DAY)

    assert verdict(brought) == ("reversed", Reason.MONEY_WENT_BACK)
    assert not brought.approve(staff, "Why not.", NOON + 16 * DAY)


def test_what_is_staff_s_still_waits_for_them_when_a_dispute_is_won(brought, bob, staff):
    payment = pays(bob, risk_level="highest")
    warns(payment)
    release_held(NOON + FORTNIGHT)

    dispute(payment, NOON + 15 * DAY)
    wins(payment, NOON + 16 * DAY)

    assert verdict(brought) == ("held", Reason.WARNED)
    assert brought.approve(staff, "The bank says so too.", NOON + 17 * DAY)


def test_what_is_forbidden_by_then_is_refused(brought, ada, bob):
    pays(bob, risk_level="elevated")
    brought_by_somebody_suspended(ada, bob)

    assert release_held(NOON + FORTNIGHT) == 0

    assert verdict(brought) == ("rejected", Reason.SUSPENDED)


def test_a_network_is_forgotten_after_30_days(ada):
    old = introduced(ada, network_digest="n", created_at=NOON - 30 * DAY)
    new = introduced(ada, network_digest="n", created_at=NOON - 29 * DAY)

    assert Referral.objects.forget_networks(NOON) == 1

    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.network_digest, new.network_digest) == ("", "n")


# --- Addresses ---


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Ada@Growth.Example", "ada@growth.example"),
        ("ada+shop@growth.example", "ada@growth.example"),
        ("a.d.a@growth.example", "a.d.a@growth.example"),
        ("a.d.a+x@gmail.com", "ada@gmail.com"),
        ("A.da@GoogleMail.com", "ada@gmail.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@growth.example.", "ada@growth.example"),
        ("ada@" + "a" * 70 + ".example", "ada@" + "a" * 70 + ".example"),
    ],
)
def test_an_address_is_what_its_provider_makes_of_it(written, meant):
    assert normalised(written) == meant


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("jane.doe@a.example", "janedoe@b.example", True),
        ("janedoe1984@a.example", "janedoe1985@b.example", True),
        ("jane.doe@a.example", "john.smith@a.example", False),
        ("bob@a.example", "bob@b.example", False),
        ("ada.lovelace@a.example", "adalovelac@b.example", True),
    ],
)
def test_addresses_are_alike_by_what_stands_before_the_at(one, other, alike):
    assert are_alike(one, other) is alike


def test_a_domain_below_a_disposable_one_is_disposable():
    assert is_disposable("x@yopmail.com")
    assert is_disposable("x@mail.yopmail.com")
    assert not is_disposable("x@notyopmail.com")
    assert not is_disposable("")
