"""The embedded default with web, worker, beat and four writing clients: nobody meets a lock."""

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import pytest

from growth.tests.invariants import assert_honest_answers

pytestmark = pytest.mark.chaos

SECONDS = 60


def write(port, key, client, until):
    """Send events one after the other; the statuses, and the ids that were acknowledged."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as web:
        return write_through(web, key, client, until)


def write_through(web, key, client, until):
    """The same, through an open connection."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    statuses, stored, number = [], [], 0
    while time.monotonic() < until:
        number += 1
        event = {
            "id": f"{client}-{number}",
            "name": "activity.logged",
            "user": f"u{number % 50}",
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        web.request("POST", "/api/v1/events/", json.dumps([event]), headers)
        response = web.getresponse()
        answer = json.loads(response.read())
        statuses.append(response.status)
        if response.status == 202 and answer["accepted"] == 1:
            stored.append(event["id"])
    return statuses, stored


def test_no_lock_reaches_anyone_and_what_was_acknowledged_is_stored(house):
    key = house.manage("create_key", "chaos", "--scope", "ingest").strip()
    until = time.monotonic() + SECONDS
    with ThreadPoolExecutor(4) as clients:
        turns = [clients.submit(write, house.port, key, client, until) for client in range(4)]
        while time.monotonic() < until:
            house.ask(
                "person = Person.objects.first()\n"
                "person and SegmentRefresh.objects.queue(person, now)\n"
                "from telemetry.tasks import refresh_all_segments as again\n"
                "Slot.objects.filter(job='segments.refresh-all').delete(); again()"
            )
        results = [turn.result(60) for turn in turns]

    statuses = [status for each, _ in results for status in each]
    stored = [event for _, each in results for event in each]
    assert_honest_answers(statuses)
    assert set(statuses) == {202}
    assert len(stored) == len(statuses) > 20
    assert house.ask("say(Event.objects.filter(type__name='activity.logged').count())") == len(stored)
    assert key not in house.said()
    house.assert_invariants()
