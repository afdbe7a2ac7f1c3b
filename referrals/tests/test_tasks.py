"""What workers do for referrals, as beat calls it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from donations.models import Supporter
from referrals import tasks
from referrals.models import Referral
from referrals.tests.conftest import introduced, pays, somebody, until
from telemetry.models import Alert, Heartbeat

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_what_is_held_what_is_delayed_and_an_old_network_are_settled_in_one_turn(settings):
    now = timezone.now()
    delayed = introduced(somebody(), at=now - 15 * DAY)
    settings.REFERRAL_HOLD_DAYS = 14
    pays(delayed.referred, now - 15 * DAY)
    settings.REFERRAL_HOLD_DAYS = 0
    held = introduced(somebody(), at=now - 15 * DAY)
    pays(held.referred, now - 15 * DAY, risk_level="highest")
    old = introduced(somebody(), at=now - 31 * DAY, network_digest="n")
    assert until(delayed.referrer) is until(held.referrer) is until(held.referred) is None

    tasks.settle_rewards()

    moved = Referral.objects.in_bulk([delayed.pk, held.pk, old.pk])
    assert moved[delayed.pk].credited_at is not None
    assert moved[held.pk].state == "converted"
    assert moved[old.pk].network_digest == ""
    for person in (delayed.referrer, held.referrer, held.referred):
        end = until(person)
        assert end is not None
        assert end >= now + 45 * DAY
    assert Heartbeat.objects.get(job="referrals.rewards").runs == 1


def test_the_daily_check_sounds_the_alarm_about_a_drift():
    drifted = Supporter.objects.create(person=somebody(), credit_until=timezone.now())

    tasks.check_credits()

    assert Alert.objects.open().filter(key="referrals.drift", severity="critical").exists()
    Supporter.objects.filter(pk=drifted.pk).update(credit_until=None)
