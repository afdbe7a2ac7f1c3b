"""Somebody goes; what they shared and whom they brought goes on without their name."""

from referrals.models import Referral, ReferralCode
from referrals.tests.conftest import NOON
from telemetry.people.erasure import erase


def test_an_erased_referrer_leaves_their_friends_introduction(ada, bob, code, linked):
    code.name_as("Ada")
    referral = linked(bob)

    erase(ada, at=NOON)

    referral.refresh_from_db()
    assert (referral.referrer, referral.referred) == (None, bob)
    assert Referral.objects.confirm(bob, at=NOON)
    left = ReferralCode.objects.get(pk=code.pk)
    assert (left.person, left.shown_name, left.code) == (None, "", code.code)
    assert ReferralCode.objects.named(code.code) is None


def test_an_erased_friend_leaves_a_count(ada, bob, linked):
    referral = linked(bob)

    erase(bob, at=NOON)

    referral.refresh_from_db()
    assert (referral.referrer, referral.referred, referral.network_digest) == (ada, None, "")
