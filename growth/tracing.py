"""Traces and metrics of how the house runs, by the OpenTelemetry SDK: loaded when `GROWTH_TRACES` is on.

What goes out is made of our own words alone: a route's pattern, a task's name, a status, a count. No
instrumentation of others is used: they add addresses, queries, arguments and statements. Trace context of
callers is not taken over: what they say would go out, too. Nothing waits for the collector.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from threading import Lock
from time import perf_counter
from typing import Any, TypeAlias

from celery import Task, states
from celery.signals import task_postrun, task_prerun, worker_process_shutdown
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode

from growth.tasks import watch
from telemetry.operations.pending import kinds_of_work
from telemetry.segments.refresh import RefreshReport
from telemetry.signals import segments_refreshed

#: Upper bounds in seconds: those that the semantic conventions advise, and on to the longest task.
OF_REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
OF_TASKS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

Attributes: TypeAlias = dict[str, str | int]


class Recorder:
    """Where spans and measurements of this process go; the collector is named by `OTEL_EXPORTER_OTLP_*`."""

    def __init__(self) -> None:
        stated = OTELResourceDetector().detect().attributes
        ours = {"service.name": "growth", "service.version": settings.VERSION}
        resource = Resource.create({**ours, **stated})
        self.traces = TracerProvider(resource=resource)
        self.traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self.metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource)
        self.tracer = self.traces.get_tracer("growth", settings.VERSION)
        meter = self.metrics.get_meter("growth", settings.VERSION)
        self.requests = meter.create_histogram(
            "http.server.request.duration",
            "s",
            "Until the answer began",
            explicit_bucket_boundaries_advisory=OF_REQUESTS,
        )
        self.tasks = meter.create_histogram(
            "growth.task.duration",
            "s",
            "From a task's start to its end",
            explicit_bucket_boundaries_advisory=OF_TASKS,
        )
        self.waiting = meter.create_gauge("growth.work.pending", "{row}", "Rows of pending work, a kind each")
        self.due = meter.create_gauge(
            "growth.work.due", "{row}", "Of these, the rows that may be worked on now"
        )
        self.refreshed = meter.create_counter(
            "growth.segments.refreshed", "{person}", "People whose segments were recomputed"
        )

    def start(self, name: str, kind: SpanKind) -> Span:
        """A span of a trace of its own."""
        return self.tracer.start_span(name, Context(), kind)

    def flush(self) -> None:
        """Send what waits."""
        self.traces.force_flush()
        self.metrics.force_flush()

    def end(self) -> None:
        """Send what waits, then record nothing more. At the end of an ordinary process the SDK does it."""
        self.traces.shutdown()
        self.metrics.shutdown()


_one_at_a_time = Lock()
_made = cache(Recorder)


def the_recorder() -> Recorder:
    """This process's recorder, made when first needed: threads and forks do not inherit halves of one."""
    with _one_at_a_time:
        return _made()


# --- Pages --------------------------------------------------------------------------------------


class RequestTracing:
    """Outermost: a span and a duration for each request, named by its method and its route's pattern."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.recorder = the_recorder()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, untouched."""
        began = perf_counter()
        span = self.recorder.start("HTTP", SpanKind.SERVER)
        try:
            response = self.get_response(request)
            self._tell(span, request, response.status_code, perf_counter() - began)
        finally:
            span.end()
        return response

    def _tell(self, span: Span, request: HttpRequest, status: int, seconds: float) -> None:
        attributes = words_of(request) | {"http.response.status_code": status}
        span.update_name(name_of(attributes))
        span.set_attributes(attributes)
        if status >= 500:
            span.set_status(StatusCode.ERROR)
        self.recorder.requests.record(seconds, attributes)


def words_of(request: HttpRequest) -> Attributes:
    """Its method, if it is one that HTTP knows, and the pattern that it matched, if any."""
    method = request.method or ""
    attributes: Attributes = {"http.request.method": method if method in METHODS else "_OTHER"}
    if request.resolver_match:
        attributes["http.route"] = f"/{request.resolver_match.route}"
    return attributes


def name_of(attributes: Attributes) -> str:
    """`METHOD /route`; the method alone where no route matched."""
    method = str(attributes["http.request.method"]).replace("_OTHER", "HTTP")
    return f"{method} {attributes['http.route']}" if "http.route" in attributes else method


# --- Tasks --------------------------------------------------------------------------------------

_running: dict[str, tuple[Span, float]] = {}


def trace_tasks() -> None:
    """Listen to this worker's tasks, and to the processes that it makes for them."""
    task_prerun.connect(begin_task)
    task_postrun.connect(end_task)
    task_postrun.connect(measure_work, sender=watch)
    segments_refreshed.connect(count_refreshed)
    worker_process_shutdown.connect(end_process)


def begin_task(task_id: str, task: Task, **_kwargs: Any) -> None:
    """Open the task's span."""
    _running[task_id] = the_recorder().start(task.name, SpanKind.CONSUMER), perf_counter()


def end_task(task_id: str, task: Task, state: str, **_kwargs: Any) -> None:
    """Close it with the state that the task ended in."""
    span, began = _running.pop(task_id)
    attributes: Attributes = {"celery.task_name": task.name, "celery.state": state}
    span.set_attributes(attributes)
    if state in states.EXCEPTION_STATES:
        span.set_status(StatusCode.ERROR)
    span.end()
    the_recorder().tasks.record(perf_counter() - began, attributes)


def measure_work(**_kwargs: Any) -> None:
    """After each look of the watch, once a minute: how much work waits."""
    now = timezone.now()
    recorder = the_recorder()
    for model in kinds_of_work():
        rows, kind = model._default_manager.all(), {"growth.work.kind": model._meta.label_lower}
        recorder.waiting.set(rows.pending().count(), kind)
        recorder.due.set(rows.due(now).count(), kind)


def count_refreshed(report: RefreshReport, **_kwargs: Any) -> None:
    """How many people a refresh recomputed."""
    the_recorder().refreshed.add(report.people, {"growth.refresh.full": report.full})


def end_process(**_kwargs: Any) -> None:
    """A worker's child leaves without the interpreter's farewell, in which the SDK would send what waits."""
    the_recorder().end()
