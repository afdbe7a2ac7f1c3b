"""What workers do for donations."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from donations.models import StripeErrand, StripeEvent, SupportMail
from donations.reconciliation import JOB, reconcile
from donations.retention import forget_what_is_old
from donations.settlement.standing import end_grace
from telemetry.models import Heartbeat
from telemetry.operations.slots import day_of, hour_of, in_turn, in_turn_outside


@shared_task
def drain_stripe_events() -> None:
    """What Stripe told us and nobody has worked on."""
    with Heartbeat.objects.beating("donations.stripe-events"):
        StripeEvent.objects.due(timezone.now()).drain()


@shared_task
def send_support_mails() -> None:
    """Receipts and notices."""
    with Heartbeat.objects.beating("donations.mails"):
        SupportMail.objects.due(timezone.now()).drain()


@shared_task
def run_stripe_errands() -> None:
    """What Stripe is to do for us."""
    with Heartbeat.objects.beating("donations.errands"):
        StripeErrand.objects.due(timezone.now()).drain()


@shared_task
def end_what_is_past_due() -> None:
    """Once an hour: whose grace is over, one after the other, so that nobody waits for all of them."""
    now = timezone.now()
    in_turn_outside("donations.grace", hour_of(now), now, lambda: end_grace(now))


@shared_task
def reconcile_with_stripe() -> None:
    """Once a day: what no delivery told us."""
    now = timezone.now()
    in_turn_outside(JOB, day_of(now), now, lambda: reconcile(now))


@shared_task
def forget_what_is_kept_long_enough() -> None:
    """Once a day: payloads and addresses that nobody needs any more."""
    now = timezone.now()
    in_turn("donations.retention", day_of(now), now, lambda: forget_what_is_old(now))
