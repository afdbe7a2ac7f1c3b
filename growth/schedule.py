"""The one table of cadences. django-celery-beat carries it; staff may only switch a job off and on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from telemetry.models import Heartbeat
from telemetry.operations.slots import day_of, hour_of


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many seconds."""

    seconds: int

    def as_columns(self) -> dict[str, Any]:
        """The cadence as django-celery-beat stores it."""
        row, _made = IntervalSchedule.objects.get_or_create(
            every=self.seconds, period=IntervalSchedule.SECONDS
        )
        return {"interval": row, "crontab": None}


@dataclass(frozen=True, slots=True)
class At:
    """At a minute of every hour, or of one hour of every day in the project's time zone."""

    minute: int
    hour: int | None = None

    def as_columns(self) -> dict[str, Any]:
        """The cadence as django-celery-beat stores it."""
        row, _made = CrontabSchedule.objects.get_or_create(
            minute=str(self.minute),
            hour="*" if self.hour is None else str(self.hour),
            day_of_week="*",
            day_of_month="*",
            month_of_year="*",
            timezone=settings.TIME_ZONE,
        )
        return {"interval": None, "crontab": row}

    def slot(self, now: datetime) -> datetime:
        """The turn that `now` falls into."""
        return hour_of(now) if self.hour is None else day_of(now)

    def has_struck(self, now: datetime) -> bool:
        """Whether this turn's moment is more than five minutes past."""
        into = now - self.slot(now)
        return into > timedelta(hours=self.hour or 0, minutes=self.minute + 5)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done over and over."""

    name: str
    task: str
    cadence: Every | At
    does: str | Promise
    #: How long after its last good end staff are told.
    late_after: timedelta


JOBS = (
    Job(
        "segments.refresh",
        "telemetry.tasks.refresh_moved_segments",
        At(minute=5),
        _("Recomputes the segments of everybody whose numbers moved."),
        timedelta(hours=2),
    ),
    Job(
        "segments.refresh-all",
        "telemetry.tasks.refresh_all_segments",
        At(hour=3, minute=20),
        _("Recomputes everybody's segments."),
        timedelta(hours=26),
    ),
    Job(
        "segments.queue",
        "telemetry.tasks.refresh_queued_segments",
        Every(30),
        _("Recomputes the segments of people who signed in or were merged."),
        timedelta(minutes=5),
    ),
    Job(
        "alerts.mail",
        "telemetry.tasks.send_alert_mails",
        Every(30),
        _("Mails newly opened alerts to ALERT_EMAILS."),
        timedelta(minutes=5),
    ),
    Job(
        "telemetry.deliver",
        "telemetry.tasks.deliver",
        Every(30),
        _("Sends what is queued to the sink, in batches."),
        timedelta(minutes=10),
    ),
    Job(
        "donations.stripe-events",
        "donations.tasks.drain_stripe_events",
        Every(30),
        _("Works on the events that Stripe sent."),
        timedelta(minutes=5),
    ),
    Job(
        "donations.mails",
        "donations.tasks.send_support_mails",
        Every(30),
        _("Sends receipts and notices to supporters."),
        timedelta(minutes=5),
    ),
    Job(
        "referrals.rewards",
        "referrals.tasks.settle_rewards",
        Every(600),
        _("Gives rewards that were delayed or held until now, and forgets networks after 30 days."),
        timedelta(hours=1),
    ),
    Job(
        "referrals.credit-check",
        "referrals.tasks.check_credits",
        At(hour=4, minute=10),
        _("Compares everybody's credit with the ledger."),
        timedelta(hours=26),
    ),
    Job(
        "donations.errands",
        "donations.tasks.run_stripe_errands",
        Every(30),
        _("Asks Stripe for what was ordered: refunds, ends of subscriptions."),
        timedelta(minutes=5),
    ),
    Job(
        "donations.grace",
        "donations.tasks.end_what_is_past_due",
        At(minute=25),
        _("Ends paid access whose renewal stayed unpaid for SUPPORT_GRACE_DAYS."),
        timedelta(hours=2),
    ),
    Job(
        "donations.reconcile",
        "donations.tasks.reconcile_with_stripe",
        At(hour=4, minute=40),
        _("Asks Stripe for what no delivery told, and looks at what is silent."),
        timedelta(hours=26),
    ),
    Job(
        "donations.retention",
        "donations.tasks.forget_what_is_kept_long_enough",
        At(hour=2, minute=50),
        _("Empties payloads of Stripe's events and addresses of mail after 90 days."),
        timedelta(hours=26),
    ),
    Job(
        "telemetry.heartbeat",
        "telemetry.tasks.queue_the_heartbeat",
        Every(300),
        _("Queues the day's heartbeat of this installation once its moment has come."),
        timedelta(minutes=30),
    ),
    Job(
        "accounts.sweep",
        "growth.tasks.sweep_sign_ups",
        At(minute=35),
        _("Deletes accounts that nobody confirmed within a day, and who introduced them."),
        timedelta(hours=2),
    ),
    Job(
        "operations.prune",
        "growth.tasks.prune",
        At(hour=2, minute=40),
        _("Deletes what nobody needs any more: claimed slots, settled work, ended sessions."),
        timedelta(hours=26),
    ),
    Job(
        "operations.watch",
        "growth.tasks.watch",
        Every(60),
        _("Opens alerts for late jobs and dead work, and starts missed turns."),
        timedelta(minutes=5),
    ),
)


def sync_schedule(now: datetime) -> None:
    """Give django-celery-beat this table; whether a job is enabled stays as staff left it.

    A new job begins enabled, a changed cadence is taken over, a job that is no longer here goes.
    """
    for job in JOBS:
        wanted = {"task": job.task, "description": str(job.does), **job.cadence.as_columns()}
        row = PeriodicTask.objects.filter(name=job.name).first() or PeriodicTask(name=job.name)
        if row.pk is None or any(getattr(row, column) != value for column, value in wanted.items()):
            for column, value in wanted.items():
                setattr(row, column, value)
            row.save()
    for gone in PeriodicTask.objects.exclude(name__in=[job.name for job in JOBS]):
        gone.delete()
    Heartbeat.objects.expect({job.name: job.late_after for job in JOBS}, now)


def carry_the_schedule(**_kwargs: Any) -> None:
    """After a migration that left django-celery-beat's tables standing."""
    from django.utils import timezone

    if PeriodicTask._meta.db_table in connection.introspection.table_names():
        sync_schedule(timezone.now())


def enabled_jobs() -> tuple[Job, ...]:
    """The jobs that staff did not switch off."""
    enabled = set(PeriodicTask.objects.filter(enabled=True).values_list("name", flat=True))
    return tuple(job for job in JOBS if job.name in enabled)


def lateness() -> Mapping[str, timedelta]:
    """For each enabled job, how long after its last good end it is late."""
    return {job.name: job.late_after for job in enabled_jobs()}


def jobs_with_turns() -> tuple[Job, ...]:
    """The jobs of a certain moment: each hour or day of theirs is a turn that somebody claims."""
    return tuple(job for job in JOBS if isinstance(job.cadence, At))


def missed(now: datetime, claimed: Callable[[str, datetime], bool]) -> tuple[Job, ...]:
    """The enabled jobs whose turn has struck without being claimed."""
    return tuple(
        job
        for job in enabled_jobs()
        if isinstance(job.cadence, At)
        and job.cadence.has_struck(now)
        and not claimed(job.name, job.cadence.slot(now))
    )
