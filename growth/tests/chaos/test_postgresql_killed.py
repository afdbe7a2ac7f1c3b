"""PostgreSQL is killed under writers: what was acknowledged is there, and pages come back by themselves."""

import http.client
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag

import pytest

from growth.tests.chaos.cluster import Cluster
from growth.tests.chaos.house import House

pytestmark = pytest.mark.chaos


@pytest.fixture
def cluster():
    """A running server whose folder its own user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder))
        cluster.start()
        yield cluster
        cluster.stop()


@pytest.fixture
def house(tmp_path, cluster):
    """A house on that server."""
    house = House(tmp_path, DATABASE_URL=cluster.url)
    house.start()
    yield house
    house.stop()


def write_until(stop, port, key, client):
    """When each event was answered, with which status and Retry-After."""
    answers, number = [], 0
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    while not stop.is_set():
        number += 1
        at = datetime.now(UTC).isoformat()
        event = {"id": f"{client}-{number}", "name": "activity.logged", "user": "u", "occurred_at": at}
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as web:
            web.request("POST", "/api/v1/events/", json.dumps([event]), headers)
            response = web.getresponse()
            answers.append((time.monotonic(), response.status, response.getheader("Retry-After")))
        stop.wait(0.05)
    return answers


def test_nothing_acknowledged_is_lost_and_the_first_page_is_back_within_five_seconds(house, cluster):
    key = house.manage("create_key", "chaos", "--scope", "ingest").strip()
    stop = Flag()
    with ThreadPoolExecutor(4) as clients:
        turns = [clients.submit(write_until, stop, house.port, key, client) for client in range(4)]
        time.sleep(3)
        cluster.kill()
        time.sleep(4)
        cluster.start()
        back = time.monotonic()
        time.sleep(7)
        stop.set()
        answers = [answer for turn in turns for answer in turn.result(30)]

    assert {(status, retry) for _, status, retry in answers if status != 202} == {(503, "5")}
    assert min(at for at, status, _ in answers if status == 202 and at > back) - back < 5
    stored = house.ask("say(Event.objects.filter(type__name='activity.logged').count())")
    assert stored >= sum(status == 202 for _, status, _ in answers) > 20
    house.assert_invariants()
