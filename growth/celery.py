"""The Celery app: its settings are Django's, its log is ours."""

from __future__ import annotations

import logging.config
import os
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import celeryd_init, setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "growth.settings")

app = Celery("growth")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_django_does(**_kwargs: Any) -> None:
    """Workers and beat write the same lines as the web."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@celeryd_init.connect
def be_root_in_peace(**_kwargs: Any) -> None:
    """Containers and first tries run as root. Celery warns for the sake of pickles: ours is JSON alone."""
    warnings.filterwarnings("ignore", "You're running the worker with superuser", SecurityWarning)


@worker_init.connect
def trace_if_wanted(**_kwargs: Any) -> None:
    """Where traces are switched on: off, nothing of them is loaded."""
    from django.conf import settings

    if settings.GROWTH_TRACES:
        from growth.tracing import trace_tasks

        trace_tasks()


@worker_init.connect
def begin_anew(**_kwargs: Any) -> None:
    """Before the first job: what the worker before this one left behind."""
    from django.utils import timezone

    from growth import watch

    watch.begin_anew(timezone.now())
