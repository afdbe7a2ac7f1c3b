"""Processes are killed: nothing is lost, nothing happens twice, everything is back."""

import http.client
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing

import pytest
from django.conf import settings

from growth.tests.chaos.house import await_that

pytestmark = pytest.mark.chaos

QUEUE_PEOPLE = """
from django.db import transaction
with transaction.atomic():
    for person in Person.objects.bulk_create([Person(signed_up_at=now) for _ in range(60)]):
        SegmentRefresh.objects.queue(person, now)
"""


BEAT = "from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks"
#: The hourly refresh is called every minute; its slot stays the hour.
EVERY_MINUTE = f"""
{BEAT}
always, _made = CrontabSchedule.objects.get_or_create(minute="*", hour="*")
PeriodicTask.objects.filter(name="segments.refresh").update(crontab=always)
PeriodicTasks.update_changed()
"""
COUNT_TURNS = """
from growth.schedule import JOBS, At
jobs = [job.name for job in JOBS if isinstance(job.cadence, At)]
say([Slot.objects.count(), sum(Heartbeat.objects.filter(job__in=jobs).values_list("runs", flat=True))])
"""


def opened(house, key):
    """Open an alert in the house, and with it a mail to be sent."""
    house.ask(f"Alert.objects.raise_alert({key!r}, 'warning', 'Look.', now)")


def unsettled(house):
    """How many rows of each kind are not done."""
    return house.ask(
        "say([AlertMail.objects.exclude(state='done').count(),"
        " SegmentRefresh.objects.exclude(state='done').count()])"
    )


def ask_for(house, path):
    """The status of the answer; None when nobody answers."""
    with closing(http.client.HTTPConnection("127.0.0.1", house.port, timeout=2)) as web:
        try:
            web.request("GET", path)
            return web.getresponse().status
        except OSError:
            return None


def test_a_worker_killed_while_it_sends_sends_once_within_a_minute(house, mail_server):
    mail_server.answering.clear()
    opened(house, "killed")
    await_that(lambda: mail_server.calls, 40, "the worker calls")

    house.kill("celery --quiet --app growth worker")
    mail_server.answering.set()

    await_that(lambda: mail_server.taken, 60, "the mail after the kill")
    await_that(lambda: unsettled(house)[0] == 0, 10, "the row is settled")
    assert len(mail_server.taken) == 1
    assert "Message-ID: <alert-" in mail_server.taken[0]
    assert house.ask("say(AlertMail.objects.get().attempts)") == 2
    house.assert_invariants()


def test_a_worker_killed_among_many_rows_leaves_none(house):
    house.ask(QUEUE_PEOPLE)
    await_that(
        lambda: house.ask("say(SegmentRefresh.objects.filter(state='done').count())"), 45, "some are done"
    )
    house.kill("celery --quiet --app growth worker")

    await_that(lambda: unsettled(house)[1] == 0, 60, "all are done")
    house.assert_invariants()


def test_a_turn_whose_worker_was_killed_is_given_back_when_the_next_one_starts(house):
    house.ask("Slot.objects.create(job='donations.reconcile', slot=now, claimed_at=now)")
    house.kill("celery --quiet --app growth worker")

    job = "Heartbeat.objects.get(job='donations.reconcile')"
    await_that(lambda: house.ask(f"say({job}.last_error)") == "Killed", 30, "the next worker has seen it")
    assert not house.ask("say(Slot.objects.filter(job='donations.reconcile').exists())")
    house.assert_invariants()


def test_a_broker_that_is_deleted_loses_nothing(house, mail_server):
    house.ask(QUEUE_PEOPLE)
    opened(house, "before")
    shutil.rmtree(house.folder / "broker")
    opened(house, "after")

    await_that(lambda: unsettled(house) == [0, 0], 90, "everything is drained")
    assert len(mail_server.taken) == 2
    house.assert_invariants()


def test_two_beats_have_one_effect_a_slot(house):
    house.ask(EVERY_MINUTE)
    second = subprocess.Popen(
        [sys.executable, "-m", "celery", "--quiet", "--app", "growth", "beat", "--pidfile="],
        cwd=settings.BASE_DIR,
        env=house.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        asked = "say(PeriodicTask.objects.get(name='segments.refresh').total_run_count)"
        await_that(
            lambda: house.ask(f"{BEAT}; {asked}") >= 2, 420, "the turn was called twice"
        )  # beat writes its counts every three minutes
        await_that(lambda: house.ask(COUNT_TURNS)[1] > 0, 60, "the turn is over")
    finally:
        second.kill()
        second.wait()

    slots, runs = house.ask(COUNT_TURNS)
    assert runs == slots > 0
    house.assert_invariants()


def test_the_first_start_prints_a_way_in_that_works_once_and_the_next_start_none(house):
    (path,) = re.findall(r"/staff-login/\S+", house.said())

    assert [ask_for(house, path), ask_for(house, path)] == [302, 403]

    house.stop()
    house.start()
    assert house.said().count("/staff-login/") == 1
    await_that(lambda: ask_for(house, "/readyz") == 200, 20, "the house is ready again")
    house.assert_invariants()


def test_a_killed_web_is_back_and_a_stop_leaves_nothing(house):
    house.kill("granian")
    await_that(lambda: ask_for(house, "/healthz") == 200, 20, "the web is back")
    assert "up     | web ended" in house.said()

    assert house.stop(signal.SIGINT) < 10

    assert house.parent.returncode == 0
    assert house.processes() == []
    house.assert_invariants()
