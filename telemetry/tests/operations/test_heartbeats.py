"""How jobs fare."""

from datetime import timedelta

import pytest
import time_machine

from telemetry.models import Heartbeat

SCHEDULE = {"hourly": timedelta(hours=2), "daily": timedelta(hours=26), "drain": timedelta(minutes=5)}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_shipped_jobs(db):
    """Only the jobs of each test."""
    Heartbeat.objects.all().delete()


def test_a_good_run_is_recorded(now):
    with time_machine.travel(now, tick=False) as clock, Heartbeat.objects.beating("hourly"):
        assert Heartbeat.objects.get().finished_at is None
        clock.shift(3)

    job = Heartbeat.objects.get(job="hourly")
    assert (job.started_at, job.finished_at) == (now, now + timedelta(seconds=3))
    assert (job.runs, job.last_error, job.failed_at) == (1, "", None)
    assert job.seconds is not None


def test_a_failure_is_recorded_by_its_class_alone_and_goes_on(now):
    with (
        time_machine.travel(now, tick=False),
        pytest.raises(LookupError),
        Heartbeat.objects.beating("hourly"),
    ):
        raise LookupError("ada@example.org")

    job = Heartbeat.objects.get(job="hourly")
    assert (job.failed_at, job.last_error, job.finished_at) == (now, "LookupError", None)


def test_late_jobs_come_first(now):
    Heartbeat.objects.expect(SCHEDULE, now - timedelta(days=9))
    Heartbeat.objects.filter(job="drain").update(finished_at=now - timedelta(minutes=1))
    Heartbeat.objects.filter(job="hourly").update(finished_at=now - timedelta(hours=3))
    Heartbeat.objects.filter(job="daily").update(finished_at=now - timedelta(hours=25))

    jobs = Heartbeat.objects.with_lateness(SCHEDULE, now)

    assert [(job.job, job.is_late) for job in jobs] == [("hourly", True), ("daily", False), ("drain", False)]


def test_a_job_that_never_ran_is_late_some_time_after_it_was_expected(now):
    Heartbeat.objects.expect(SCHEDULE, now - timedelta(hours=3))

    late = [job.job for job in Heartbeat.objects.with_lateness(SCHEDULE, now) if job.is_late]

    assert late == ["drain", "hourly"]


def test_a_job_that_is_switched_off_is_never_late(now):
    Heartbeat.objects.expect(SCHEDULE, now - timedelta(days=3))

    assert not any(job.is_late for job in Heartbeat.objects.with_lateness({}, now))


def test_a_job_fails_until_it_ends_well(now):
    Heartbeat.objects.expect(SCHEDULE, now)
    Heartbeat.objects.filter(job="drain").update(failed_at=now)
    Heartbeat.objects.filter(job="daily").update(failed_at=now, finished_at=now + timedelta(seconds=1))

    failing = [job.job for job in Heartbeat.objects.with_lateness(SCHEDULE, now) if job.is_failing]

    assert failing == ["drain"]


def test_expecting_again_forgets_nothing(now):
    Heartbeat.objects.expect(SCHEDULE, now)
    Heartbeat.objects.expect(SCHEDULE, now + timedelta(days=1))

    assert set(Heartbeat.objects.values_list("expected_since", flat=True)) == {now}
