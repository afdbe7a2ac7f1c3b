"""Accepting what Stripe sends, beside a view that does nothing, on the same server.

`python -m bench.webhook [--short]` measures on the database of DATABASE_URL, which is to be one of its own.
"""

from __future__ import annotations

import argparse
import json
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from statistics import median

from bench.ingest import NOTHING, SENDERS, prepared, received, serving
from bench.measure import Result, table

JOB = "webhook accept"
WEBHOOK = "/donate/webhook/"
MUST = 0.15

_numbers = count()
_run = f"{time.time_ns():x}"


def measure(*, short: bool) -> Iterator[Result]:
    """Seconds of one request over either way; what was answered with 200 is in the inbox."""
    rounds, requests = (1, 100) if short else (5, 2_000)
    prepared()
    ways: dict[str, list[float]] = {NOTHING: [], WEBHOOK: []}
    with serving() as port:
        for path in ways:
            send(port, some_requests(port, path, 50))
        for _ in range(rounds):
            for path, seconds in ways.items():
                seconds.append(send(port, some_requests(port, path, requests)) / requests)
    stored(rounds * requests + 50)
    nothing, ours = (median(ways[path]) for path in (NOTHING, WEBHOOK))
    yield Result(JOB, "a view that does nothing", nothing, f"{1 / nothing:,.0f} requests/s")
    yield Result(JOB, "ours, stored when answered", ours, f"{nothing / ours:.2f} of its rate (must: {MUST})")


def some_requests(port: int, path: str, number: int) -> list[bytes]:
    """Deliveries that were never made, each an event of its own, signed as Stripe signs."""
    return [_request(port, path, _event()) for _ in range(number)]


def send(port: int, requests: Sequence[bytes]) -> float:
    """Seconds until all are answered, all senders together; `SystemExit` for an answer that is no 2xx."""
    began = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(lambda sender: _send_share(port, requests[sender::SENDERS]), range(SENDERS)))
    return time.perf_counter() - began


def stored(number: int) -> None:
    """Refuse a measurement whose events are not all in the inbox."""
    from donations.models import StripeEvent

    kept = StripeEvent.objects.filter(event_id__startswith=f"evt_{_run}").count()
    if kept != number:
        raise SystemExit(f"{number} events were sent, {kept} are stored.")


def _event() -> bytes:
    from donations.gateway import API_VERSION

    number = next(_numbers)
    session = {
        "id": f"cs_{_run}_{number}",
        "object": "checkout.session",
        "amount_total": 1000,
        "currency": "eur",
        "customer_details": {"email": "somebody@example.org", "name": None},
        "metadata": {"person": "9a0f1d3c-55aa-4c1b-9a52-1f2e3d4c5b6a"},
        "mode": "payment",
        "payment_intent": f"pi_{_run}_{number}",
        "payment_status": "paid",
        "status": "complete",
        "padding": "x" * 2_000,  # what else such an object has
    }
    event = {
        "id": f"evt_{_run}_{number}",
        "object": "event",
        "type": "checkout.session.completed",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": session},
    }
    return json.dumps(event).encode()


def _request(port: int, path: str, body: bytes) -> bytes:
    import stripe

    from donations.gateway import webhook_secrets

    secret = webhook_secrets()[0]
    signature = stripe.WebhookSignature.generate_signature_header(body.decode(), secret)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _send_share(port: int, requests: Sequence[bytes]) -> None:
    """One sender's requests over one connection."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            connection.sendall(request)
            answer = received(connection)
            if not answer.startswith(b"HTTP/1.1 20"):
                raise SystemExit(answer.decode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.webhook")
    parser.add_argument("--short", action="store_true", help="only show that it runs")
    print(table(measure(short=parser.parse_args().short)))
