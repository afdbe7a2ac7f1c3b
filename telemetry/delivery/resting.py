"""When a sink is left alone: after it failed for a pause, after it refused our credentials for an hour."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from telemetry.delivery._retry_after import backoff
from telemetry.delivery.installation import REFUSED
from telemetry.delivery.models import Delivery, Installation
from telemetry.delivery.otlp import End, Outcome, Sink
from telemetry.operations.bell import doorbell
from telemetry.operations.models import Alert
from telemetry.operations.pending import MOMENT

logger = logging.getLogger(__name__)

PROBE_AFTER = timedelta(hours=1)
#: No ring is put on the broker for later than this; beat looks every 30 s anyway.
LONGEST_RING = timedelta(minutes=5)


def rests(sink: Sink, now: datetime) -> bool:
    """Whether this sink is left alone at `now`; with another endpoint or header it is another sink."""
    return Installation.objects.filter(resume_at__gt=now, resting_from=sink.digest).exists()


def goes_on(at: datetime, error: str) -> None:
    """The sink took a batch, perhaps not all of it."""
    if Installation.objects.exclude(paused_at=None).update(paused_at=None):
        Alert.objects.resolve(REFUSED, at)
    Installation.objects.update(last_delivery_at=at, failures=0, resume_at=None, resting_from="")
    if error:
        failed(error, at)


def failed(error: str, at: datetime) -> None:
    """What the sink, or the way to it, answered last."""
    logger.warning("telemetry not taken", extra={"error": error})
    Installation.objects.update(last_error=error, last_error_at=at)


def rest(outcome: Outcome, sink: Sink, at: datetime) -> None:
    """Leave the sink alone, in the caller's transaction: as long as it asks, or longer with each failure."""
    failed(outcome.reason, at)
    installation = Installation.objects.select_for_update().get()
    installation.failures += 1
    pause = outcome.wait or backoff(installation.failures)
    if outcome.end is End.REFUSED:
        pause = PROBE_AFTER
        installation.paused_at = installation.paused_at or at
        message = _("The telemetry sink refuses our credentials (%(reason)s). Delivery pauses.")
        message %= {"reason": outcome.reason}
        Alert.objects.raise_alert(REFUSED, Alert.Severity.CRITICAL, message, at)
    installation.resume_at = at + pause
    installation.resting_from = sink.digest
    installation.save(update_fields=["failures", "paused_at", "resume_at", "resting_from"])
    if pause <= LONGEST_RING:
        transaction.on_commit(partial(doorbell.ring, Delivery.drained_by, after=pause + MOMENT), robust=True)
