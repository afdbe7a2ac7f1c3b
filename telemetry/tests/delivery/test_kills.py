"""A worker is killed between sending and the sink's answer: nothing is lost, and what comes twice says so."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings as these
from django.db import connection

from telemetry.delivery.models import Delivery, Layer
from telemetry.delivery.status import status
from telemetry.operations.pending import LEASE, MOMENT
from telemetry.tests.delivery.conftest import NOW, assert_balance
from telemetry.tests.invariants import assert_invariants

WORK = """
import sys
import django
django.setup()
from datetime import datetime
from telemetry.models import Delivery
Delivery.objects.due(datetime.fromisoformat(sys.argv[1])).drain()
"""
ROWS = 1_200


def database_url():
    """The test's own database, for another process."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    where = f"{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}"
    return f"postgres://{where}/{values['NAME']}"


@pytest.fixture
def worker(collector, tmp_path):
    """Start a process that drains the queue at a given moment."""

    def start(at):
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "growth.settings",
            "GROWTH_DATA": str(tmp_path),
            "DATABASE_URL": database_url(),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }
        return subprocess.Popen(
            [sys.executable, "-c", WORK, at.isoformat()],
            cwd=these.BASE_DIR,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return start


def kill_while_it_sends(worker, collector, at, pause):
    """SIGKILL once the collector has read a batch; `pause` None: before it answers, else so long after."""
    seen = len(collector.posts)
    if pause is None:
        collector.answering.clear()
    process = worker(at)
    deadline = time.monotonic() + 30
    while len(collector.posts) == seen and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.001)
    time.sleep(pause or 0)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    collector.answering.set()


@pytest.mark.parametrize(
    "kills", [pytest.param(4, marks=pytest.mark.chaos), pytest.param(50, marks=pytest.mark.slow)]
)
@pytest.mark.django_db(transaction=True)
def test_kills_between_sending_and_the_answer_lose_nothing(collector, worker, person, queue, kills):
    someone, at, rng = person(), NOW, random.Random(kills)
    ids = {str(row.record_id) for row in queue(someone, ROWS)}
    for number in range(kills):
        if not Delivery.objects.exists():
            ids |= {str(row.record_id) for row in queue(someone, ROWS)}
        kill_while_it_sends(worker, collector, at, None if number % 2 else rng.random() / 20)
        assert_balance(at)
        at += LEASE + MOMENT

    assert worker(at).wait(60) == 0

    came = Counter(record["record_id"] for record in collector.records())
    assert came.keys() == ids
    assert max(came.values()) > 1
    assert status(at).of(Layer.DETAILED).delivered == len(ids)
    assert not Delivery.objects.exists()
    assert_invariants(at)
