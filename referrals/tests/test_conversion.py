"""The first real money of a friend gives both sides their days, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from donations.models import Payment
from donations.signals import membership_paid
from referrals.models import CreditGrant, Referral
from referrals.tests.conftest import (
    DAY,
    NOON,
    D,
    a_payment,
    gives,
    introduced,
    pays,
    settle,
    until,
)
from telemetry.log.models import Event
from telemetry.models import AuditEntry
from telemetry.people.erasure import erase
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def test_a_friend_who_pays_earns_both_their_days(brought, ada, bob):
    payment = pays(bob)

    brought.refresh_from_db()
    assert until(ada) == until(bob) == NOON + D
    assert (brought.state, brought.payment) == ("converted", payment)
    assert brought.converted_at == brought.credited_at == NOON
    assert CreditGrant.objects.count() == 2
    [entry] = AuditEntry.objects.filter(object=f"referrals.referral:{brought.pk}")
    assert entry.action == "referral.converted"
    assert entry.cause == f"payment:{payment.pk}"


def test_it_is_told_in_the_log(brought, ada, bob):
    pays(bob)

    told = Event.objects.filter(type__name__startswith="referral.").values_list("type__name", "person")
    assert sorted(told) == sorted(
        [("referral.converted", bob.pk), ("referral.credited", bob.pk), ("referral.credited", ada.pk)]
    )


def test_converting_again_gives_nothing_more(brought, ada, bob):
    payment = a_payment(bob)

    answers = [Referral.objects.convert(payment, at=NOON + turn * DAY) for turn in range(3)]

    assert answers == [brought] * 3
    assert CreditGrant.objects.count() == 2
    assert until(ada) == until(bob) == NOON + D


def test_who_came_by_themselves_pays_and_nobody_is_given_anything(bob):
    assert Referral.objects.convert(a_payment(bob), at=NOON) is None

    assert not CreditGrant.objects.exists()
    assert until(bob) is None


def test_days_are_added_to_what_still_runs(brought, ada, bob):
    gives(bob, 10)
    gives(ada, 1, NOON - 2 * DAY)

    pays(bob)

    assert until(bob) == NOON + 10 * DAY + D
    assert until(ada) == NOON + D


def test_three_friends_earn_three_times_the_days(ada):
    for friend in [introduced(ada).referred for _ in range(3)]:
        pays(friend)

    assert until(ada) == NOON + 3 * D


def test_who_brought_them_is_gone_and_the_friend_has_theirs(brought, ada, bob):
    erase(ada, at=NOON)

    pays(bob)

    brought.refresh_from_db()
    assert until(bob) == NOON + D
    assert (brought.state, brought.credited_at) == ("converted", NOON)


def test_a_renewal_gives_nothing_and_neither_does_a_replay(brought, ada, bob):
    first = pays(bob)

    settle(first, NOON + DAY)
    pays(bob, NOON + 30 * DAY, kind="renewal")

    assert until(ada) == until(bob) == NOON + D
    assert Payment.objects.count() == 2


class Broken(Exception):
    pass


def broken(*_args, **_kwargs):
    raise Broken


@pytest.mark.parametrize("what", ["audit", "second grant"])
def test_when_anything_fails_all_of_it_is_undone_and_once_it_works_it_counts_once(
    what, brought, ada, bob, monkeypatch
):
    payment = a_payment(bob)
    with monkeypatch.context() as patch:
        if what == "audit":
            patch.setattr("telemetry.operations.querysets.AuditEntryQuerySet.record", broken)
        else:
            patch.setattr("referrals.conversion.credit_the_referrer", broken)
        with pytest.raises(Broken):
            settle(payment)

    brought.refresh_from_db()
    assert (brought.state, brought.converted_at) == ("pending", None)
    assert not CreditGrant.objects.exists()
    assert until(ada) is until(bob) is None

    settle(payment)

    assert until(ada) == until(bob) == NOON + D


def test_it_does_not_commit(brought, ada, bob):
    payment = a_payment(bob)

    with transaction.atomic():
        Referral.objects.convert(payment, at=NOON)
        transaction.set_rollback(True)

    brought.refresh_from_db()
    assert brought.converted_at is None
    assert not CreditGrant.objects.exists()
    assert until(ada) is None


def test_the_database_refuses_who_brings_themselves(ada):
    with pytest.raises(IntegrityError, match="nobody_refers_themselves"), transaction.atomic():
        introduced(ada, ada)


def test_the_database_lets_nobody_be_brought_twice(brought, bob):
    with pytest.raises(IntegrityError), transaction.atomic():
        introduced(None, bob)


def test_the_database_lets_one_payment_reward_once(brought, bob):
    payment = pays(bob)

    with pytest.raises(IntegrityError), transaction.atomic():
        introduced(None, payment=payment)


@pytest.fixture
def without_the_check(db):
    """The database lets a row name one person twice; undone with the test."""
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgresql:
            cursor.execute("ALTER TABLE referrals_referral DROP CONSTRAINT nobody_refers_themselves")
        else:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        yield
        if not postgresql:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def test_a_row_forced_to_name_one_person_twice_is_credited_once(without_the_check, ada):
    forced = introduced(ada, ada, captured_at=NOON - 90 * DAY)

    pays(ada)

    forced.refresh_from_db()
    assert (forced.state, forced.converted_at, forced.credited_at) == ("converted", NOON, NOON)
    assert until(ada) == NOON + D
    assert CreditGrant.objects.count() == 1


def test_days_that_staff_gave_and_days_of_a_friend_come_to_one_sum(ada):
    first, second = introduced(ada), introduced(ada)

    pays(first.referred)
    gives(ada, 30)
    pays(second.referred)

    assert until(ada) == NOON + 2 * D + 30 * DAY


def test_whom_staff_called_paid_converts_with_real_money(brought, ada, bob):
    from donations.models import Supporter

    Supporter.objects.create(person=bob, tier="paid")

    pays(bob)

    assert until(ada) == NOON + D


def test_a_donation_converts_nothing(brought, ada, bob):
    Referral.objects.convert(a_payment(bob, kind="once"), at=NOON)
    Referral.objects.convert(a_payment(bob, kind="key"), at=NOON)
    Referral.objects.convert(a_payment(None), at=NOON)

    assert not CreditGrant.objects.exists()


def test_the_first_real_money_converts_however_long_the_trial_was(brought, ada, bob):
    pays(bob, NOON + 90 * DAY)

    assert until(ada) == NOON + 90 * DAY + D


def test_whose_address_is_not_confirmed_converts_later(ada):
    brought = introduced(ada, state="provisional", confirmed_at=None)
    pays(brought.referred)
    assert until(ada) is None

    Referral.objects.update(state="pending")
    pays(brought.referred, NOON + DAY)

    assert until(ada) == NOON + DAY + D


def test_small_payments_add_up_within_the_window(brought, ada, bob, settings):
    settings.REFERRAL_MINIMUM = 1000

    pays(bob, amount=400)
    pays(bob, NOON + DAY, amount=400, needs_refund=True)
    assert until(ada) is None
    pays(bob, NOON + 30 * DAY, amount=600, kind="renewal")

    assert until(ada) == NOON + 30 * DAY + D


def test_as_much_in_another_currency_qualifies_for_nothing(brought, ada, bob):
    pays(bob, currency="jpy")
    assert until(ada) is None

    pays(bob, NOON + DAY, kind="renewal")
    assert until(ada) == NOON + DAY + D


def test_what_was_paid_before_the_window_does_not_count(brought, ada, bob, settings):
    settings.REFERRAL_MINIMUM = 1000

    pays(bob, amount=500)
    pays(bob, NOON + 31 * DAY, amount=500, kind="renewal")

    assert until(ada) is None


def test_the_days_of_who_brought_them_may_wait(brought, ada, bob, settings):
    from referrals.jobs import credit_delayed

    settings.REFERRAL_HOLD_DAYS = 14
    pays(bob)
    settings.REFERRAL_CREDIT_DAYS = 10
    settings.REFERRAL_HOLD_DAYS = 99

    assert (until(ada), until(bob)) == (None, NOON + D)
    assert credit_delayed(NOON + 13 * DAY) == 0
    assert credit_delayed(NOON + 14 * DAY) == 1
    assert credit_delayed(NOON + 15 * DAY) == 0

    brought.refresh_from_db()
    assert until(ada) == NOON + 14 * DAY + D
    assert brought.credited_at == NOON + 14 * DAY


def test_a_reward_too_many_in_a_year_goes_to_the_friend_alone(ada, settings):
    settings.REFERRAL_YEARLY_CAP = 2
    friends = [introduced(ada) for _ in range(4)]
    for number, friend in enumerate(friends[:3]):
        pays(friend.referred, NOON + number * WEEK)

    friends[2].refresh_from_db()
    assert friends[2].state == "capped"
    assert until(friends[2].referred) == NOON + 2 * WEEK + D
    assert until(ada) == NOON + 2 * D

    pays(friends[3].referred, NOON + 366 * DAY)

    friends[3].refresh_from_db()
    assert friends[3].state == "converted"


def test_an_erased_person_leaves_their_days_in_the_ledger(brought, ada, bob):
    pays(bob)

    erase(ada, at=NOON + DAY)

    assert sorted(CreditGrant.objects.values_list("person", "days"), key=str) == sorted(
        [(None, 45), (bob.pk, 45)], key=str
    )
    assert not Person.objects.filter(pk=ada.pk).exists()


def test_a_code_that_brought_somebody_stays(brought):
    with pytest.raises(ProtectedError):
        brought.code.delete()


def test_the_signal_reaches_us_in_the_payment_s_transaction(brought, ada, bob):
    membership_paid.connect(broken, dispatch_uid="broken")
    try:
        with pytest.raises(Broken):
            pays(bob)
    finally:
        membership_paid.disconnect(dispatch_uid="broken")

    assert until(ada) is None
