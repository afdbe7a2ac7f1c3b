"""The watch: what is late or dead becomes an alert, what is well again resolves it, what was missed runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from growth.schedule import jobs_with_turns, lateness, missed
from telemetry.models import Alert, Heartbeat, Slot
from telemetry.operations.bell import doorbell
from telemetry.operations.pending import kinds_of_work
from telemetry.operations.slots import give_back_abandoned

#: A job that failed is tried again after so long, within its turn.
PAUSE = timedelta(minutes=10)


def look_around(now: datetime) -> None:
    """Alerts for late jobs, failing jobs and dead work, as things stand at `now`."""
    for job in Heartbeat.objects.with_lateness(lateness(), now):
        late = _("The job %(job)s is late. Is beat running, and a worker?") % {"job": job.job}
        tell(f"late:{job.job}", job.is_late, Alert.Severity.WARNING, late, now)
        failing = _("The job %(job)s fails: %(error)s.") % {"job": job.job, "error": job.last_error}
        tell(f"failing:{job.job}", job.is_failing, Alert.Severity.WARNING, failing, now)
    for model in kinds_of_work():
        dead = model._default_manager.dead().count()
        message = _("%(count)s given up: %(kind)s.") % {
            "count": dead,
            "kind": model._meta.verbose_name_plural,
        }
        tell(f"dead:{model._meta.label_lower}", dead > 0, Alert.Severity.CRITICAL, message, now)


def tell(key: str, wrong: bool, severity: Alert.Severity, message: str, now: datetime) -> None:
    """Raise or resolve the alert."""
    if wrong:
        Alert.objects.raise_alert(key, severity, message, now)
    else:
        Alert.objects.resolve(key, now)


def catch_up(now: datetime) -> None:
    """Ring for turns that nobody claimed: once for the last one, however many were missed.

    Where processes work, a turn that has not ended when its time was over was killed: it counts as failed.
    Threads, which work where there is no Redis, end at no limit: see `begin_anew`.
    """
    if settings.REDIS_URL:
        give_back(claimed_before=now - timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT), now=now)
    resting = set(Heartbeat.objects.filter(failed_at__gt=now - PAUSE).values_list("job", flat=True))
    for job in missed(now, lambda name, slot: Slot.objects.filter(job=name, slot=slot).exists()):
        if job.name not in resting:
            doorbell.ring(job.task)


def begin_anew(now: datetime) -> None:
    """As the worker starts: without Redis it is the only one, so no turn claimed before is still alive."""
    if not settings.REDIS_URL:
        give_back(claimed_before=now, now=now)


def give_back(claimed_before: datetime, now: datetime) -> None:
    """Free the turns claimed before then that have not ended."""
    give_back_abandoned([job.name for job in jobs_with_turns()], claimed_before, now)
