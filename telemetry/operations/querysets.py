"""Jobs, alerts and the audit log, in sentences."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    ExpressionWrapper,
    F,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

if TYPE_CHECKING:
    from telemetry.operations.models import Alert, AuditEntry, Heartbeat

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Beat:
    """One run of a job; idle when another process turned out to have its turn, and it is no run."""

    idle: bool = False


class HeartbeatQuerySet(models.QuerySet["Heartbeat", "Heartbeat"]):
    """Jobs, by how they fare."""

    @contextmanager
    def beating(self, job: str) -> Iterator[Beat]:
        """Record that the job runs, how long it took and how it ended; what it raises goes on."""
        self.update_or_create(job=job, defaults={"started_at": timezone.now()})
        started, beat = monotonic(), Beat()
        try:
            yield beat
        except BaseException as error:
            ended = {"failed_at": timezone.now(), "last_error": type(error).__qualname__}
            self._ended(job, started, **ended)
            raise
        if not beat.idle:
            self._ended(job, started, finished_at=timezone.now())

    def record_kill(self, job: str, at: datetime) -> None:
        """The job's process was killed, as was seen at `at`; it could not tell so itself."""
        self.filter(job=job).update(failed_at=at, last_error="Killed")

    def _ended(self, job: str, started: float, **how: Any) -> None:
        self.filter(job=job).update(runs=F("runs") + 1, seconds=monotonic() - started, **how)

    def expect(self, jobs: Mapping[str, timedelta], now: datetime) -> None:
        """Know these jobs, and from when on they should run."""
        rows: list[Heartbeat] = [self.model(job=job, expected_since=now) for job in sorted(jobs)]
        self.bulk_create(rows, ignore_conflicts=True)
        self.filter(job__in=jobs, expected_since=None).update(expected_since=now)

    def with_lateness(self, schedule: Mapping[str, timedelta], now: datetime) -> Self:
        """Each job with `is_late` and `is_failing`, late ones first.

        `schedule` says for each job how long after its last good end it is late; a job that is not in it
        (switched off) is never late.
        """
        due = [When(job=job, then=Value(now - late_after)) for job, late_after in schedule.items()]
        last_good = Coalesce("finished_at", "expected_since")
        return self.annotate(
            last_good=last_good,
            should_have_run_by=Case(*due, default=None, output_field=DateTimeField()),
            is_late=Case(
                When(Q(last_good__lt=F("should_have_run_by")), then=True),
                default=False,
                output_field=BooleanField(),
            ),
            is_failing=ExpressionWrapper(
                Q(failed_at__isnull=False) & (Q(finished_at=None) | Q(failed_at__gt=F("finished_at"))),
                output_field=BooleanField(),
            ),
        ).order_by("-is_late", "-is_failing", "job")


class AlertQuerySet(models.QuerySet["Alert", "Alert"]):
    """What staff should know."""

    def open(self) -> Self:
        """What nobody has resolved."""
        return self.filter(resolved_at=None)

    def raise_alert(self, key: str, severity: str, message: str, at: datetime) -> bool:
        """Open the alert, with one mail, or count it once more when it is open; True when it opened."""
        while True:
            seen = {"count": F("count") + 1, "last_seen_at": at, "severity": severity, "message": message}
            if self.filter(key=key).open().update(**seen):
                return False
            try:
                with transaction.atomic():
                    self._open_one(key, severity, message, at)
            except IntegrityError:
                continue  # somebody opened it meanwhile: count it there
            return True

    def _open_one(self, key: str, severity: str, message: str, at: datetime) -> Alert:
        from telemetry.operations.models import AlertMail

        alert = self.create(key=key, severity=severity, message=message, first_seen_at=at, last_seen_at=at)
        logger.error("alert opened", extra={"alert": key, "severity": severity})
        if settings.ALERT_EMAILS:
            AlertMail.objects.queue(at, alert=alert)
        return alert

    def resolve(self, key: str, at: datetime) -> bool:
        """Close the open alert of that key; False when none was open."""
        return bool(self.filter(key=key).open().update(resolved_at=at))


#: Names shorter than this stand in many texts by chance; they count only as a whole value.
LONG_NAME = 6
#: Names that one statement looks for.
NAMES_AT_ONCE = 50


class AuditEntryQuerySet(models.QuerySet["AuditEntry", "AuditEntry"]):
    """The audit log."""

    def about(self, rows: Iterable[models.Model], names: Iterable[str]) -> Self:
        """What was done to these rows, and the entries whose words hold one of these names."""
        texts = self.annotate(
            before_text=Cast("before", TextField()), after_text=Cast("after", TextField())
        ).order_by()
        found = set(self.filter(object__in=[_said(row) for row in rows]).values_list("pk", flat=True))
        sought = sorted(names)
        for first in range(0, len(sought), NAMES_AT_ONCE):
            naming = reduce(or_, map(_naming, sought[first : first + NAMES_AT_ONCE]))
            found.update(texts.filter(naming).values_list("pk", flat=True))
        return self.filter(pk__in=found)

    def record(
        self,
        actor: Any,
        action: str,
        object: models.Model | str,
        before: Any = None,
        after: Any = None,
        cause: str = "",
        *,
        at: datetime,
    ) -> AuditEntry:
        """One entry; `object` is a row, or words for what was looked at. `actor` None is the system."""
        what = object if isinstance(object, str) else _said(object)
        return self.create(
            actor=actor, action=action, object=what, before=before, after=after, cause=cause, at=at
        )


def _said(row: models.Model) -> str:
    """A row, as entries name what they are about."""
    return f"{row._meta.label_lower}:{row.pk}"


def _naming(name: str) -> Q:
    """Entries in whose words the name stands: JSON may hold it escaped."""
    forms = {name, json.dumps(name)[1:-1]}
    if len(name) < LONG_NAME:
        forms = {f'"{form}"' for form in forms}
    wanted = Q()
    for form in forms:
        wanted |= Q(before_text__icontains=form) | Q(after_text__icontains=form)
        wanted |= Q(cause__icontains=form) | Q(object__icontains=form)
    return wanted
