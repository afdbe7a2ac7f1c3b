"""What workers do for referrals."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from referrals import jobs
from referrals.models import Referral
from telemetry.models import Heartbeat
from telemetry.operations.slots import day_of, in_turn


@shared_task
def settle_rewards() -> None:
    """Rewards whose time has come, and digests whose time is over."""
    now = timezone.now()
    with Heartbeat.objects.beating("referrals.rewards"):
        jobs.release_held(now)
        jobs.credit_delayed(now)
        Referral.objects.forget_networks(now)


@shared_task
def check_credits() -> None:
    """Once a day: whether everybody has what the ledger says."""
    now = timezone.now()
    in_turn("referrals.credit-check", day_of(now), now, lambda: jobs.check_credits(now))
