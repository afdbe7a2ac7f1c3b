"""What a sink that hangs does to a page: nothing, for no page waits for it.

Somebody who said yes opens a page of the site, by turns with a sink that answers and with one that takes the
connection and never does, while a worker waits for that one. Only this thread changes a setting.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from threading import Event, Thread
from time import perf_counter
from typing import Any

from bench.delivery import collector
from bench.measure import Result

JOB = "a page, p95"
PAGES = 300
MUST = 1.10


def measure(*, short: bool) -> Iterator[Result]:
    """The 95th percentile of either, of pages opened by turns; what waits is deleted again."""
    from django.test.utils import override_settings

    browser, person = _somebody_who_said_yes()
    spent: dict[str, list[float]] = {"answers": [], "hangs": []}
    with override_settings(TELEMETRY_DETAILED=True):
        _one_page(browser, "http://127.0.0.1:9")  # something waits to leave
        with collector() as answering, _a_sink_that_hangs() as hanging:
            for number in range(-4, 30 if short else PAGES):  # the first ones warm up
                for way, address in (("answers", answering), ("hangs", hanging)):
                    seconds = _one_page(browser, address)
                    if number >= 0:
                        spent[way].append(seconds)
    person.account.delete()  # and with it all that was tracked
    without, beside = (quantiles(seconds, n=20)[18] for seconds in spent.values())
    yield Result(JOB, "a sink that answers", without, f"{len(spent['hangs'])} pages each, by turns")
    yield Result(JOB, "a sink that hangs", beside, f"{beside / without:.2f} times (must: at most {MUST:.2f})")


def _one_page(browser: Any, sink: str) -> float:
    from django.test.utils import override_settings

    with override_settings(TELEMETRY_SINK=sink):
        began = perf_counter()
        answer = browser.get("/")
        seconds = perf_counter() - began
    assert answer.status_code == 200
    return seconds


def _somebody_who_said_yes() -> tuple[Any, Any]:
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.utils import timezone

    from telemetry.consent.answers import grant
    from telemetry.consent.models import Source
    from telemetry.people.models import Person

    account = get_user_model()._default_manager.create(email="page@example.org")
    person = Person.objects.of_account(account)
    grant(person, source=Source.SETTINGS, at=timezone.now())
    browser = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    browser.force_login(account)
    return browser, person


@contextmanager
def _a_sink_that_hangs() -> Iterator[str]:
    """It takes connections and never says a word, and a worker waits for it to, from first to last."""
    enough = Event()
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(128)
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        worker = Thread(target=_send_what_waits, args=[url, enough], daemon=True)
        worker.start()
        taken, _address = mute.accept()
        with taken:
            yield url
            assert worker.is_alive(), "Nobody waited for the sink any more."
            enough.set()
    worker.join(20)


def _send_what_waits(url: str, enough: Event) -> None:
    """Try the sink again as soon as it was given up, as no drain would."""
    from django.db import connection
    from django.utils import timezone

    from telemetry.delivery.drain import attend, claim
    from telemetry.delivery.otlp import Sink
    from telemetry.operations.pending import Clock

    try:
        with Sink(url, headers={}, protocol="http/protobuf") as sink:
            while not enough.is_set() and (batch := claim(timezone.now())):
                attend(batch, sink, Clock(timezone.now()))
    finally:
        connection.close()
