"""Who brought whom."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from referrals.events import FriendConfirmed, FriendSignedUp
from referrals.linking import network_digest
from referrals.models import Referral, ReferralCode
from referrals.models.referral import State
from referrals.tests.conftest import DAY, NOON
from telemetry.log.models import Event
from telemetry.people.models import Person


def test_a_sign_up_by_a_code_is_provisional(bob, linked, ada):
    referral = linked(bob)

    assert referral.state == State.PROVISIONAL
    assert (referral.referrer, referral.referred) == (ada, bob)
    assert Event.objects.filter(person=bob, type__name=FriendSignedUp.name).count() == 1


def test_it_is_final_once_the_address_is_confirmed(bob, linked):
    referral = linked(bob)

    assert Referral.objects.confirm(bob, at=NOON)
    assert not Referral.objects.confirm(bob, at=NOON + DAY)

    referral.refresh_from_db()
    assert (referral.state, referral.confirmed_at) == (State.PENDING, NOON)
    assert Event.objects.filter(person=bob, type__name=FriendConfirmed.name).count() == 1


def test_nobody_brings_themselves(ada, code):
    assert Referral.objects.link(ada, code, captured_at=NOON, at=NOON) is None


def test_a_code_of_nobody_brings_nobody(bob, code):
    ReferralCode.objects.filter(pk=code.pk).update(person=None)
    code.refresh_from_db()

    assert Referral.objects.link(bob, code, captured_at=NOON, at=NOON) is None


def test_the_first_introduction_stands(bob, linked):
    first = linked(bob)
    other = ReferralCode.objects.issue_to(Person.objects.create(), at=NOON)

    assert Referral.objects.link(bob, other, captured_at=NOON, at=NOON) == first
    assert Referral.objects.get() == first


def test_a_link_opened_after_the_sign_up_brings_nobody(bob, code):
    later = NOON + timedelta(seconds=1)

    assert Referral.objects.link(bob, code, captured_at=later, at=NOON) is None


def test_the_database_refuses_a_friend_of_oneself(ada, code):
    with pytest.raises(IntegrityError), transaction.atomic():
        Referral.objects.create(code=code, referrer=ada, referred=ada, captured_at=NOON, created_at=NOON)


def test_neighbours_have_one_digest_and_it_does_not_name_them():
    assert network_digest("192.0.2.7") == network_digest("192.0.2.250")
    assert network_digest("192.0.2.7") != network_digest("192.0.3.7")
    assert network_digest("2001:db8:1:2::") == network_digest("2001:db8:1:ffff::")
    assert network_digest("2001:db8:1::") != network_digest("2001:db8:2::")
