"""What workers do for the whole house."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from growth.accounts.sweeping import sweep
from growth.pruning import prune_everything
from growth.watch import catch_up, look_around
from telemetry.models import Heartbeat
from telemetry.operations.slots import day_of, hour_of, in_turn_outside


@shared_task
def prune() -> None:
    """Once a day: delete what nobody needs any more."""
    now = timezone.now()
    in_turn_outside("operations.prune", day_of(now), now, lambda: prune_everything(now))


@shared_task
def sweep_sign_ups() -> None:
    """Once an hour: delete the accounts that nobody confirmed."""
    now = timezone.now()
    in_turn_outside("accounts.sweep", hour_of(now), now, lambda: sweep(now))


@shared_task
def watch() -> None:
    """Open and resolve alerts; start missed turns."""
    now = timezone.now()
    with Heartbeat.objects.beating("operations.watch"):
        look_around(now)
        catch_up(now)
