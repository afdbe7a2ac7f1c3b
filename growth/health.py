"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Coalesce
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from telemetry.models import Heartbeat

#: The watch runs every minute; after so long without it, beat or the worker is away.
SILENCE = timedelta(minutes=5)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, stands at this code's migrations, and beat was heard of lately."""
    checks = readiness(timezone.now())
    ready = all(checks.values())
    body = {"status": "ok" if ready else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if ready else 503)


def readiness(now: datetime) -> dict[str, bool]:
    """Each check by name; nothing about why."""
    checks = {"database": False, "migrations": False, "beat": False}
    try:
        connection.ensure_connection()
        checks["database"] = connection.is_usable()
        executor = MigrationExecutor(connection)
        checks["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        checks["beat"] = beat_was_heard(now)
    except DatabaseError:
        # A failed check is its own answer.
        return checks
    return checks


def beat_was_heard(now: datetime) -> bool:
    """Whether the watch ended well, or began to be expected, within the last five minutes."""
    last = Heartbeat.objects.filter(job="operations.watch").annotate(
        heard=Coalesce("finished_at", "expected_since")
    )
    return last.filter(heard__gt=now - SILENCE).exists()
