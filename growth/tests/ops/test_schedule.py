"""The one table of cadences, and the watch over it."""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
import time_machine
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from growth import tasks
from growth.celery import app, begin_anew
from growth.schedule import JOBS, At, Every, lateness, sync_schedule
from growth.watch import catch_up, look_around
from telemetry.models import Alert, AlertMail, Heartbeat, SegmentRefresh, Slot
from telemetry.operations.pending import kinds_of_work
from telemetry.operations.slots import claim_slot, day_of
from telemetry.tasks import refresh_all_segments, refresh_moved_segments
from telemetry.tests.delivery.test_kills import database_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rings")]

BY_NAME = {job.name: job for job in JOBS}


@pytest.fixture
def all_is_well(now):
    """Every job has just ended well, and every turn was claimed."""
    Heartbeat.objects.update(finished_at=now, failed_at=None)
    for job in JOBS:
        if isinstance(job.cadence, At):
            claim_slot(job.name, job.cadence.slot(now), now)


def test_migrations_leave_the_schedule_behind():
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == set(BY_NAME)
    assert set(Heartbeat.objects.values_list("job", flat=True)) == set(BY_NAME)


def test_the_cadences_are_these():
    assert {job.name: job.cadence for job in JOBS} == {
        "segments.queue": Every(30),
        "alerts.mail": Every(30),
        "telemetry.deliver": Every(30),
        "donations.stripe-events": Every(30),
        "donations.mails": Every(30),
        "donations.errands": Every(30),
        "operations.watch": Every(60),
        "telemetry.heartbeat": Every(300),
        "referrals.rewards": Every(600),
        "segments.refresh": At(minute=5),
        "donations.grace": At(minute=25),
        "accounts.sweep": At(minute=35),
        "operations.prune": At(hour=2, minute=40),
        "donations.retention": At(hour=2, minute=50),
        "segments.refresh-all": At(hour=3, minute=20),
        "referrals.credit-check": At(hour=4, minute=10),
        "donations.reconcile": At(hour=4, minute=40),
    }


def test_every_job_names_a_task_that_workers_know():
    app.loader.import_default_modules()

    assert {job.task for job in JOBS} <= set(app.tasks)


def test_the_operations_guide_names_every_job_and_every_alert(settings):
    guide = (settings.BASE_DIR / "docs/operations.md").read_text()

    for job in JOBS:
        assert f"| `{job.name}` |" in guide
    for model in kinds_of_work():
        assert f"| `dead:{model._meta.label_lower}` |" in guide


def test_every_kind_of_work_is_drained_by_a_job():
    assert {model.drained_by for model in kinds_of_work()} <= {job.task for job in JOBS}
    assert {SegmentRefresh, AlertMail} <= set(kinds_of_work())


def test_whether_a_job_is_enabled_stays_as_staff_left_it(now):
    PeriodicTask.objects.filter(name="operations.prune").update(enabled=False)
    PeriodicTask.objects.filter(name="alerts.mail").update(task="gone.task")
    PeriodicTask.objects.create(
        name="long gone", task="gone.task", interval=PeriodicTask.objects.get(name="alerts.mail").interval
    )

    sync_schedule(now)

    assert not PeriodicTask.objects.get(name="operations.prune").enabled
    assert PeriodicTask.objects.get(name="alerts.mail").task == "telemetry.tasks.send_alert_mails"
    assert not PeriodicTask.objects.filter(name="long gone").exists()
    assert "operations.prune" not in lateness()


def test_syncing_again_touches_nothing(now, django_assert_max_num_queries):
    before = list(PeriodicTask.objects.values())

    sync_schedule(now)

    assert list(PeriodicTask.objects.values()) == before


@pytest.mark.django_db(transaction=True)
def test_beat_reads_the_table():
    scheduler = DatabaseScheduler(app=app)

    assert {entry.task for entry in scheduler.schedule.values()} <= {job.task for job in JOBS}
    assert BY_NAME["operations.watch"].task in {entry.task for entry in scheduler.schedule.values()}


@pytest.mark.usefixtures("all_is_well")
def test_late_jobs_raise_an_alert_and_resolve_it_when_well(now):
    Heartbeat.objects.filter(job="segments.refresh").update(finished_at=now - timedelta(hours=3))
    look_around(now)
    look_around(now)
    assert list(Alert.objects.open().values_list("key", "count")) == [("late:segments.refresh", 2)]

    Heartbeat.objects.filter(job="segments.refresh").update(finished_at=now)
    look_around(now)
    assert not Alert.objects.open().exists()


@pytest.mark.usefixtures("all_is_well")
def test_a_failing_job_raises_an_alert_that_names_the_error(now):
    Heartbeat.objects.filter(job="operations.prune").update(
        failed_at=now + timedelta(seconds=1), last_error="OperationalError"
    )

    look_around(now)

    assert "OperationalError" in Alert.objects.get(key="failing:operations.prune").message


@pytest.mark.usefixtures("all_is_well")
def test_dead_work_keeps_an_alert_open_until_it_is_gone(now, settings):
    settings.ALERT_EMAILS = ["ops@growth.example"]
    Alert.objects.raise_alert("x", "warning", "x", now)
    AlertMail.objects.update(state="dead")

    look_around(now)
    assert Alert.objects.open().filter(key="dead:telemetry.alertmail").exists()

    AlertMail.objects.filter(state="dead").delete()
    look_around(now)
    assert not Alert.objects.open().filter(key="dead:telemetry.alertmail").exists()


@pytest.mark.usefixtures("all_is_well")
def test_nothing_is_caught_up_when_every_turn_was_taken(now, rings):
    catch_up(now)

    assert rings == []


@pytest.mark.usefixtures("all_is_well")
def test_a_missed_turn_is_started(now, rings):
    Slot.objects.filter(job="operations.prune").delete()

    catch_up(now)

    assert rings == ["growth.tasks.prune"]


@pytest.mark.usefixtures("all_is_well")
@pytest.mark.parametrize(
    ("job", "work", "does"),
    [
        ("operations.prune", tasks.prune, "prune_everything"),
        ("accounts.sweep", tasks.sweep_sign_ups, "sweep"),
    ],
)
def test_a_turn_that_has_just_failed_rests_and_is_tried_again(now, rings, monkeypatch, job, work, does):
    Slot.objects.filter(job=job).delete()
    with monkeypatch.context() as broken, time_machine.travel(now, tick=False):
        broken.setattr(tasks, does, lambda _now: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work()

    catch_up(now + timedelta(minutes=9))
    assert rings == []
    catch_up(now + timedelta(minutes=11))
    assert rings == [BY_NAME[job].task]
    with time_machine.travel(now + timedelta(minutes=11), tick=False):
        work()
    catch_up(now + timedelta(minutes=12))
    assert rings == [BY_NAME[job].task]


#: A worker that prunes at a given moment and is killed in the middle.
KILLED = """
import os, signal, sys
from datetime import datetime
import django, time_machine
django.setup()
from growth import tasks
tasks.prune_everything = lambda _now: os.kill(os.getpid(), signal.SIGKILL)
with time_machine.travel(datetime.fromisoformat(sys.argv[1]), tick=False):
    tasks.prune()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("all_is_well")
def test_a_turn_whose_process_was_killed_has_failed_when_its_time_is_over(now, rings, tmp_path, settings):
    settings.REDIS_URL = "redis://127.0.0.1/0"
    Slot.objects.filter(job="operations.prune").delete()
    began = now + timedelta(seconds=1)
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "growth.settings",
        "GROWTH_DATA": str(tmp_path),
        "DATABASE_URL": database_url(),
    }
    command = [sys.executable, "-c", KILLED, began.isoformat()]
    killed = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL

    catch_up(began + timedelta(seconds=300))
    assert Slot.objects.filter(job="operations.prune").exists()
    seen = began + timedelta(seconds=301)
    catch_up(seen)
    look_around(seen)
    assert not Slot.objects.filter(job="operations.prune").exists()
    assert "Killed" in Alert.objects.open().get(key="failing:operations.prune").message
    catch_up(seen + timedelta(minutes=9))
    assert rings == []
    again = seen + timedelta(minutes=11)
    catch_up(again)
    assert rings == ["growth.tasks.prune"]

    with time_machine.travel(again, tick=False):
        tasks.prune()
    catch_up(again + timedelta(seconds=301))
    look_around(again)
    assert rings == ["growth.tasks.prune"]
    assert not Alert.objects.open().filter(key="failing:operations.prune").exists()


@pytest.mark.usefixtures("all_is_well")
def test_without_redis_a_turn_may_take_as_long_as_its_worker_lives(now, rings, settings):
    settings.REDIS_URL = ""
    Slot.objects.filter(job="operations.prune").update(claimed_at=now + timedelta(seconds=1))

    catch_up(now + timedelta(minutes=20))
    assert Slot.objects.filter(job="operations.prune").exists()

    with time_machine.travel(now + timedelta(minutes=20), tick=False):
        begin_anew()  # as a worker starts
    catch_up(now + timedelta(minutes=29))
    assert rings == []
    catch_up(now + timedelta(minutes=31))
    assert rings == ["growth.tasks.prune"]
    assert set(Heartbeat.objects.filter(last_error="Killed").values_list("job", flat=True)) == {
        "operations.prune"
    }


def test_on_redis_a_worker_that_starts_leaves_the_turns_of_others_alone(now, settings):
    settings.REDIS_URL = "redis://127.0.0.1/0"
    claim_slot("operations.prune", day_of(now), now)

    with time_machine.travel(now + timedelta(seconds=2), tick=False):
        begin_anew()

    assert Slot.objects.filter(job="operations.prune").exists()


def test_days_missed_are_caught_up_once(now):
    for at in (now, now, now + timedelta(minutes=1)):
        with time_machine.travel(at, tick=False):
            tasks.prune()
            refresh_all_segments()
            refresh_moved_segments()

    assert set(Heartbeat.objects.filter(runs=1).values_list("job", flat=True)) == {
        "operations.prune",
        "segments.refresh-all",
        "segments.refresh",
    }


@pytest.mark.parametrize(
    ("cadence", "at", "struck"),
    [
        (At(minute=5), "2026-03-04T10:09:00+00:00", False),
        (At(minute=5), "2026-03-04T10:11:00+00:00", True),
        (At(hour=3, minute=20), "2026-03-04T03:24:00+00:00", False),
        (At(hour=3, minute=20), "2026-03-04T03:26:00+00:00", True),
    ],
)
def test_a_turn_has_struck_five_minutes_after_its_moment(cadence, at, struck):
    assert cadence.has_struck(datetime.fromisoformat(at)) is struck


def test_the_watch_beats():
    tasks.watch()

    assert Heartbeat.objects.get(job="operations.watch").runs == 1
