"""Delivery: what `track()` adds to a request, and how fast the queue empties into a collector nearby."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from time import perf_counter, process_time
from typing import Any

from bench.measure import Result

RECORDS = 20_000
TRACKED = 500
MUST = 5_000  # records a second


def measure() -> Iterator[Result]:
    """Both measurements on the database of the settings, which is left as it was."""
    from django.db import transaction
    from django.test.utils import override_settings
    from django.utils import timezone

    now = timezone.now()
    with collector() as url, override_settings(TELEMETRY_SINK=url, TELEMETRY_DETAILED=True):
        with transaction.atomic():
            yield from what_tracking_adds(now)
            transaction.set_rollback(True)
        with override_settings(TELEMETRY_QUEUE_ROWS=RECORDS):
            yield how_fast_it_empties()


def what_tracking_adds(now: datetime) -> Iterator[Result]:
    """Seconds of one call, without a yes and with one; the statements of each."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from telemetry.consent.answers import grant
    from telemetry.consent.models import Source
    from telemetry.log.product_events import ActivityLogged, TimerStarted
    from telemetry.log.track import track
    from telemetry.people.models import Person

    silent, willing = Person.objects.create(), Person.objects.create()
    grant(willing, source=Source.SETTINGS, at=now)
    ways = {
        "stored, nothing leaves": (silent, ActivityLogged(source="web")),
        "stored and queued": (willing, ActivityLogged(source="web")),
        "no yes: neither": (silent, TimerStarted(source="web")),
    }
    for way, (person, event) in ways.items():
        track(person, event, at=now)
        with CaptureQueriesContext(connection) as queries:
            track(person, event, at=now)
        said = [query["sql"].lstrip().upper() for query in queries.captured_queries]
        inserts = sum(statement.startswith("INSERT") for statement in said)
        seconds = []
        for _ in range(TRACKED):
            began = perf_counter()
            track(person, event, at=now)
            seconds.append(perf_counter() - began)
        yield Result(
            "track()", way, median(seconds), f"{len(said)} statements, {inserts} inserts, no network"
        )


def how_fast_it_empties() -> Result:
    """One drain of so many records, each with a handful of attributes."""
    from django.utils import timezone

    from telemetry.consent.answers import grant
    from telemetry.consent.models import Source
    from telemetry.delivery.models import Delivery, Layer
    from telemetry.people.models import Person

    now = timezone.now()
    person = Person.objects.create()
    consent = grant(person, source=Source.SETTINGS, at=now)
    said = {"source": "web", "route": "support:page", "browser_family": "Firefox", "duration_seconds": 60}
    for _ in range(0, RECORDS, 1_000):
        Delivery.objects.put(
            Delivery(
                layer=Layer.DETAILED,
                name="activity.logged",
                occurred_at=now,
                attributes=said,
                person=person,
                consent=consent,
                next_try_at=now,
            )
            for _ in range(1_000)
        )
    began, worked = perf_counter(), process_time()
    drained = Delivery.objects.due(timezone.now()).drain()
    seconds, worked = perf_counter() - began, process_time() - worked
    person.delete()
    note = f"{drained.done / seconds:,.0f}/s (must: {MUST:,}), {drained.done / worked:,.0f} a second of CPU"
    return Result("delivery", f"{drained.done:,} records", seconds, note)


@contextmanager
def collector() -> Iterator[str]:
    """A collector in a process of its own, that unpacks what it gets; its address."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=collect, args=[theirs], daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def collect(pipe: Connection) -> None:
    """Say the port, and serve until terminated."""
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            ExportLogsServiceRequest.FromString(gzip.decompress(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    pipe.send(server.server_port)
    server.serve_forever()
