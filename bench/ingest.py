"""Ingest: the product served by granian with 2 workers, sent to from the same machine, durable when answered.

`python -m bench.ingest [--short]` measures on the database of DATABASE_URL, which is to be one of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median
from typing import Any

BATCH = 500
SENDERS = 4
USERS = 5_000
#: Of single events, so that the baseline needs to look nobody up.
BUSY_USERS = 10
MUST_BATCH = 25_000
MUST_SINGLE = 0.6
EVENTS, BULK, SERIALIZER = "/api/v1/events/", "/bench/batch/bulk/", "/bench/batch/"
ONE, NOTHING = "/bench/one/", "/bench/nothing/"

_numbers = count()
_run = f"{time.time_ns():x}"


@dataclass(frozen=True)
class Row:
    """Ours beside a baseline, each a second; `must` is the least that is asked, of the ratio or of ours."""

    name: str
    ours: float
    baseline: float
    must: str

    @property
    def ratio(self) -> float:
        """How many times the baseline's rate ours is."""
        return self.ours / self.baseline


def run(short: bool) -> list[Row]:
    """Measure; the short form only shows that it runs and that all ways store what was sent."""
    rounds, batches, singles = (1, 8, 200) if short else (3, 160, 2_000)
    secret = prepared()
    with serving() as port:
        client = Client(port, secret)
        client.send(EVENTS, packed(some_events(4 * USERS), BATCH))  # people and projects are known from here
        batch = {path: [] for path in (EVENTS, BULK, SERIALIZER)}
        single = {path: [] for path in (EVENTS, ONE, NOTHING)}
        for _ in range(rounds):
            for path, rates in batch.items():
                rates.append(rate(client, path, batches if path == EVENTS else batches // 4, BATCH))
            for path, rates in single.items():
                rates.append(rate(client, path, singles, 1))
    ours, one = median(batch[EVENTS]), median(single[EVENTS])
    return [
        Row("batches of 500, events/s; bulk_create", ours, median(batch[BULK]), f"{MUST_BATCH:,}/s"),
        Row("batches of 500, events/s; DRF serializer", ours, median(batch[SERIALIZER]), f"{MUST_BATCH:,}/s"),
        Row("single, requests/s; ORM insert, no checks", one, median(single[ONE]), f"{MUST_SINGLE} x"),
        Row("single, requests/s; a view that does nothing", one, median(single[NOTHING]), "-"),
    ]


def rate(client: Client, path: str, requests: int, events: int) -> float:
    """Events a second over one way, all senders together; what it stored is compared with what was sent."""
    sent = some_events(requests * events, users=USERS if events > 1 else BUSY_USERS)
    bodies = packed(sent, events)
    began = time.perf_counter()
    client.send(path, bodies)
    seconds = time.perf_counter() - began
    if path != NOTHING:
        compare(sent)
    return len(sent) / seconds


def some_events(number: int, users: int = USERS) -> list[dict[str, Any]]:
    """So many events that nobody has sent yet, of users some of whom do much more than others."""
    rng = random.Random(number)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        {
            "id": f"{_run}-{next(_numbers)}",
            "name": "activity.logged",
            # Everybody once, so that the first sending makes them known; then the busy ones.
            "user": f"user {i if i < users else int(users * rng.random() ** 3)}",
            "occurred_at": (began + timedelta(seconds=i)).isoformat(),
            "project": f"project {i % 200}",
            "source": rng.choice(["timer", "manual"]),
            "duration_seconds": rng.randrange(7200),
            "properties": {"plan": "pro", "screen": i % 7},
        }
        for i in range(number)
    ]


def packed(events: Sequence[dict[str, Any]], size: int) -> list[bytes]:
    """The bodies of the requests; a single event goes without a list."""
    if size == 1:
        return [json.dumps(event).encode() for event in events]
    return [json.dumps(events[at : at + size]).encode() for at in range(0, len(events), size)]


def compare(sent: Iterable[dict[str, Any]]) -> None:
    """Refuse a measurement whose rows are not what was sent."""
    from telemetry.log.identity import digest
    from telemetry.log.models import Event, Origin

    expected = {digest(event["id"]): event for event in sent}
    stored = Event.objects.filter(origin=Origin.API, key__in=expected).values_list(
        "key",
        "person__aliases__value",
        "occurred_at",
        "project__name",
        "source",
        "duration_seconds",
        "properties",
    )
    found = {bytes(key): values for key, *values in stored}
    for key, event in expected.items():
        wanted = [event["user"], datetime.fromisoformat(event["occurred_at"])]
        wanted += [event[field] for field in ("project", "source", "duration_seconds", "properties")]
        if found.get(key) != wanted:
            raise SystemExit(f"Sent {wanted}, stored {found.get(key)}.")


class Client:
    """Sends prepared requests over a few kept connections, and does as little else as it can."""

    def __init__(self, port: int, secret: str) -> None:
        self.port = port
        self.head = (
            f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\nContent-Type: application/json\r\n"
        )

    def send(self, path: str, bodies: Sequence[bytes]) -> None:
        """Send all, each sender its share; `SystemExit` for an answer that is not 202."""
        with ThreadPoolExecutor(SENDERS) as pool:
            shares = [bodies[sender::SENDERS] for sender in range(SENDERS)]
            list(pool.map(lambda share: self.send_share(path, share), shares))

    def send_share(self, path: str, bodies: Sequence[bytes]) -> None:
        """One sender's requests over one connection."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for body in bodies:
                head = f"POST {path} HTTP/1.1\r\n{self.head}Content-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)
                answer = received(connection)
                if not answer.startswith(b"HTTP/1.1 202"):
                    raise SystemExit(answer.decode())


def received(connection: socket.socket) -> bytes:
    """One answer, to its end."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\n" + body


def prepared() -> str:
    """Tables, and a key without a quota; its secret."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "growth.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from telemetry.log.models import ApiKey

    call_command("migrate", verbosity=0)
    key, secret = ApiKey.objects.issue("bench", "ingest")
    ApiKey.objects.filter(pk=key.pk).update(events_per_minute=2**31 - 1)
    return secret


@contextmanager
def serving() -> Iterator[int]:
    """The product on a port of this machine, as production serves it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "granian",
        "growth.wsgi:application",
        "--interface",
        "wsgi",
        "--http",
        "1",
    ]
    command += ["--no-ws", "--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
    command += ["--blocking-threads", "64", "--log-level", "warning"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "bench.ingest_server.settings"}
    server = subprocess.Popen(command, env=environment)
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def wait_for(port: int) -> None:
    """Until the server listens; half a minute at most."""
    for _ in range(300):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("The server does not start.")


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    lines = [f"{'':46} {'ours':>9} {'baseline':>9} {'ratio':>6}  must"]
    lines += [f"{r.name:46} {r.ours:9,.0f} {r.baseline:9,.0f} {r.ratio:6.2f}  {r.must}" for r in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.ingest")
    parser.add_argument("--short", action="store_true", help="only show that it runs")
    print(table(run(parser.parse_args().short)))
