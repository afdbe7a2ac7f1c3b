"""What workers do for telemetry."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import beat_init, worker_ready
from django.db import connection
from django.utils import timezone

from telemetry.delivery.installation import queue_first_seen, queue_heartbeat
from telemetry.models import AlertMail, Delivery, Heartbeat, SegmentRefresh
from telemetry.operations.slots import day_of, hour_of, in_turn
from telemetry.segments.refresh import refresh_segments


@shared_task
def refresh_moved_segments() -> None:
    """Once an hour: the segments of everybody whose numbers moved."""
    now = timezone.now()
    in_turn("segments.refresh", hour_of(now), now, lambda: refresh_segments(now=now))


@shared_task
def refresh_all_segments() -> None:
    """Once a day: everybody's segments."""
    now = timezone.now()
    in_turn("segments.refresh-all", day_of(now), now, lambda: refresh_segments(now=now, full=True))


@shared_task
def refresh_queued_segments() -> None:
    """The segments of people who signed in or were merged."""
    with Heartbeat.objects.beating("segments.queue"):
        SegmentRefresh.objects.due(timezone.now()).drain()


@shared_task
def send_alert_mails() -> None:
    """The mails of newly opened alerts."""
    with Heartbeat.objects.beating("alerts.mail"):
        AlertMail.objects.due(timezone.now()).drain()


@shared_task
def deliver() -> None:
    """What is queued for the sink."""
    with Heartbeat.objects.beating("telemetry.deliver"):
        Delivery.objects.due(timezone.now()).drain()


@shared_task
def queue_the_heartbeat() -> None:
    """The heartbeat of this installation, when its moment has come or was missed."""
    with Heartbeat.objects.beating("telemetry.heartbeat"):
        queue_heartbeat(timezone.now())


@worker_ready.connect
@beat_init.connect
def say_that_we_are_here(**_kwargs: Any) -> None:
    """The first-seen record is queued where workers and beat start; a drain sends it."""
    try:
        queue_first_seen(timezone.now())
    finally:
        connection.close()
