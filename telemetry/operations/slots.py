"""Turns of periodic jobs: whoever claims one takes it, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from telemetry.operations.models import Heartbeat, Slot

LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's code of an ended lock_timeout

Result = TypeVar("Result")


def hour_of(now: datetime) -> datetime:
    """The slot of an hourly job: the hour that began last."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(now: datetime) -> datetime:
    """The slot of a daily job: the midnight that began the day in the project's time zone."""
    zone = timezone.get_default_timezone()
    return datetime.combine(now.astimezone(zone).date(), time.min, tzinfo=zone).astimezone(UTC)


def claim_slot(job: str, slot: datetime, now: datetime) -> bool:
    """Take the job's turn; False when it was taken, or is being taken in another's transaction."""
    try:
        with transaction.atomic():
            Slot.objects.create(job=job, slot=slot, claimed_at=now)
    except IntegrityError:
        return False
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            return False
        raise
    return True


def in_turn(job: str, slot: datetime, now: datetime, work: Callable[[], Result]) -> Result | None:
    """Do `work` once in the slot, in one transaction with its claim; None when it had its turn.

    A kill in the middle undoes both, so that the turn is caught up.
    """
    if Slot.objects.filter(job=job, slot=slot).exists():
        return None
    with Heartbeat.objects.beating(job) as beat, transaction.atomic():
        beat.idle = not claim_slot(job, slot, now)
        return None if beat.idle else work()


def in_turn_outside(job: str, slot: datetime, now: datetime, work: Callable[[], Result]) -> Result | None:
    """Do `work` once in the slot, in transactions of its own; None when it had its turn.

    For what talks to others, or takes many locks one after the other. A turn that fails gives its own claim
    back, so that it is caught up; that of one that is killed is given back by `give_back_abandoned`.
    """
    if not claim_slot(job, slot, now):
        return None
    try:
        with Heartbeat.objects.beating(job):
            return work()
    except BaseException:
        Slot.objects.filter(job=job, slot=slot, claimed_at=now).delete()
        raise


def give_back_abandoned(jobs: Iterable[str], claimed_before: datetime, now: datetime) -> int:
    """Free the turns of these jobs that were claimed before then and whose job has not ended since.

    A process that is killed can neither give its claim back nor record that it failed: both are done for it
    here, at `now`. How many turns were freed.
    """
    claimed = OuterRef("claimed_at")
    ended = Heartbeat.objects.filter(
        Q(finished_at__gte=claimed) | Q(failed_at__gte=claimed), job=OuterRef("job")
    )
    abandoned = Slot.objects.filter(~Exists(ended), job__in=list(jobs), claimed_at__lt=claimed_before)
    freed = 0
    for turn in abandoned:
        with transaction.atomic():
            if Slot.objects.filter(pk=turn.pk).delete()[0]:
                Heartbeat.objects.record_kill(turn.job, now)
                freed += 1
    return freed
