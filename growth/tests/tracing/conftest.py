"""A collector, and a process that traces."""

import pytest
from celery.signals import task_postrun, task_prerun, worker_process_shutdown

from growth import tracing
from growth.tasks import watch
from growth.tests.tracing.collector import Collector
from telemetry.signals import segments_refreshed


@pytest.fixture
def collector():
    """A collector of our own."""
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def recorder(collector, settings, monkeypatch):
    """This process traces, as web and worker in one."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    settings.MIDDLEWARE = ["growth.tracing.RequestTracing", *settings.MIDDLEWARE]
    tracing.trace_tasks()
    recorder = tracing.the_recorder()
    yield recorder
    recorder.end()
    tracing._made.cache_clear()
    task_prerun.disconnect(tracing.begin_task)
    task_postrun.disconnect(tracing.end_task)
    task_postrun.disconnect(tracing.measure_work, sender=watch)
    segments_refreshed.disconnect(tracing.count_refreshed)
    worker_process_shutdown.disconnect(tracing.end_process)
