"""What the Jobs panel says in its one sentence."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from growth.schedule import sync_schedule
from telemetry.models import Heartbeat

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _no_job_is_expected_yet(db):
    Heartbeat.objects.all().delete()


@pytest.fixture
def summary(browser_of_staff):
    """The sentence, as it stands on the dashboard."""

    def read():
        page = browser_of_staff.get("/admin/").content.decode()
        return re.findall(r'id="jobs".*?g-summary">(.*?)</p>', page, re.S)[0]

    return read


@pytest.fixture
def expected(db):
    """`expected(3, at=…)`: three jobs that are looked for since then."""

    def make(count, at):
        Heartbeat.objects.expect({f"job-{n}": HOUR for n in range(count)}, at)

    return make


def ran(*jobs, at):
    Heartbeat.objects.filter(job__in=jobs).update(started_at=at, finished_at=at)


def test_jobs_that_have_not_run_yet_did_not_run_when_they_should(summary, expected):
    expected(3, at=timezone.now())

    assert summary() == "No job has run yet."


def test_some_that_have_not_run_yet_are_counted(summary, expected):
    now = timezone.now()
    expected(3, at=now)
    ran("job-0", at=now)

    assert summary() == "2 jobs have not run yet."
    ran("job-1", at=now)
    assert summary() == "1 job has not run yet."


def test_all_that_ran_are_said_to_have_run(summary, expected):
    now = timezone.now()
    expected(2, at=now)
    ran("job-0", "job-1", at=now)

    assert summary() == "Every job ran when it should."


def test_a_job_that_failed_at_its_first_run_is_told_as_failed_and_not_as_waiting(summary, expected):
    now = timezone.now()
    expected(3, at=now)
    ran("job-0", at=now)
    Heartbeat.objects.filter(job="job-1").update(started_at=now, failed_at=now)

    assert summary() == "0 jobs are late, 1 failed last time. 1 job has not run yet."


def test_jobs_that_are_late_for_their_first_run_are_told_as_late(summary):
    sync_schedule(timezone.now() - timedelta(days=60))

    assert re.fullmatch(
        r"\d+ jobs are late, 0 failed last time\.( \d+ jobs? ha(s|ve) not run yet\.)?", summary()
    )
