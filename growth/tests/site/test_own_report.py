"""A person's own weeks, on the page and in the file."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from donations.models import Supporter
from growth.models import User
from growth.site.own_report import WEEKS, report_of
from telemetry.log.product_events import ActivityLogged, TaskCompleted
from telemetry.log.track import track
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

THURSDAY = datetime(2026, 3, 5, 12, tzinfo=UTC)
VIENNA = ZoneInfo("Europe/Vienna")


@pytest.fixture
def person():
    return Person.objects.of_account(User.objects.create_user("ada@example.org"))


def logged(person, at, seconds=3600):
    track(person, ActivityLogged(duration_seconds=seconds), at=at)


def test_the_report_ends_with_the_week_of_the_moment(person):
    report = report_of(person, at=THURSDAY, zone=VIENNA)

    assert len(report.weeks) == WEEKS
    assert (report.weeks[-1].begins, report.weeks[-1].ends) == (date(2026, 3, 2), date(2026, 3, 8))
    assert report.weeks[0].begins == date(2026, 1, 12)


def test_an_entry_counts_in_the_week_of_the_project_s_calendar(person):
    logged(person, datetime(2026, 3, 1, 22, 59, tzinfo=UTC))  # 23:59 in Vienna, a Sunday
    logged(person, datetime(2026, 3, 1, 23, 0, tzinfo=UTC), seconds=5400)

    sunday, monday = report_of(person, at=THURSDAY, zone=VIENNA).weeks[-2:]

    assert (sunday.entries, sunday.hours) == (1, 1.0)
    assert (monday.entries, monday.hours) == (1, 1.5)


def test_only_their_own_use_is_counted(person):
    logged(Person.objects.create(), THURSDAY)
    track(person, TaskCompleted(), at=THURSDAY)
    logged(person, THURSDAY - timedelta(weeks=WEEKS))

    assert report_of(person, at=THURSDAY, zone=VIENNA).entries == 0


def test_the_report_costs_two_queries_however_much_there_is(person, django_assert_num_queries):
    for hour in range(20):
        logged(person, THURSDAY - timedelta(hours=hour))
    with django_assert_num_queries(2):
        report = report_of(person, at=THURSDAY, zone=VIENNA)

    assert report.hours == 20.0


def test_nobody_has_empty_weeks(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert report_of(None, at=THURSDAY, zone=VIENNA).entries == 0


@pytest.fixture
def client_of_the_person(person):
    client = Client()
    client.force_login(person.account)
    return client


@pytest.mark.parametrize("url", ["/reports/", "/reports/weeks.csv"])
def test_the_page_and_the_file_each_count_as_a_report_and_arm_the_prompt(url, person, client_of_the_person):
    before = timezone.now()

    assert client_of_the_person.get(url).status_code == 200
    assert client_of_the_person.head(url).status_code == 200

    supporter = Supporter.objects.get(person=person)
    assert supporter.reports_generated == 1
    assert supporter.after_report_armed_at is not None
    assert supporter.after_report_armed_at >= before


def test_the_file_holds_the_same_weeks(client_of_the_person):
    answer = client_of_the_person.get("/reports/weeks.csv")

    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"].startswith("text/csv")
    assert lines[0] == "Week from,to,Entries,Hours"
    assert len(lines) == WEEKS + 1
