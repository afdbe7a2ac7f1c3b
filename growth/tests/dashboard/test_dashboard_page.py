"""The dashboard: what it shows, to whom, and what it says when there is nothing."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from growth.dashboard.board import PANELS
from growth.dashboard.deadline import within
from growth.dashboard.operations import AlertsPanel, JobsPanel
from growth.dashboard.panels import Panel, what_went_wrong
from growth.models import Cohort, SavedFunnel
from growth.tests.dashboard.conftest import AS_OF, DAYS, links_of
from telemetry.consent.answers import grant
from telemetry.consent.models import Source
from telemetry.log.models import Event, EventType
from telemetry.log.product_events import TimerStarted
from telemetry.log.track import track
from telemetry.people.models import Person

MOST_QUERIES = 40


def test_every_number_opens_as_many_people_as_it_says(browser_of_staff, a_product):
    SavedFunnel.objects.create(
        slug="by-source",
        name="By source",
        steps=[{"event": "activity.logged", "where": {"source": [""]}}, {"event": "activity"}],
        breakdown="source",
    )
    followed = set()
    for choices in ("", "&period=90d&mode=on_or_after", "&leave_out=0&pace=day", "&funnel=by-source"):
        page = browser_of_staff.get(f"/admin/?{DAYS}{choices}").content.decode()
        activity = re.search(r'id="card-activity".*?g-value">(.*?)</p>', page, re.S)
        for href, number in links_of(page.replace(activity.group(1), "") if activity else page):
            if href not in followed:
                followed.add(href)
                people = browser_of_staff.get(href)
                assert people.status_code == 200
                assert people.context["page"].paginator.count == number, href
    assert len(followed) > 60


def test_staff_and_flagged_people_are_left_out_by_a_visible_switch(browser_of_staff, a_product):
    def active(query):
        page = browser_of_staff.get(f"/admin/?{DAYS}&{query}").content.decode()
        (count,) = re.findall(r'aria-label="Active people: (\d+)"', page)
        return count

    assert active("") == "6"
    assert active("leave_out=0") == "7"


def test_the_page_says_which_days_are_compared(browser_of_staff, a_product):
    page = browser_of_staff.get(f"/admin/?{DAYS}").content.decode()

    assert "1 Feb – 28 Feb 2026" in page  # noqa: RUF001
    assert "4 Jan – 31 Jan 2026" in page  # noqa: RUF001
    assert "time zone UTC" in page


def test_the_page_says_how_much_has_consent(browser_of_staff, a_product):
    def told():
        page = browser_of_staff.get(f"/admin/?{DAYS}").content.decode()
        return re.findall(r"data-consent-coverage>(.*?)</p>", page)

    # The cards, the funnel and the triangle.
    assert told() == ["0.0 % of these events have person-level consent."] * 3

    eve = Person.objects.get(aliases__value="eve")
    record = grant(eve, source=Source.SETTINGS, at=AS_OF - timedelta(days=30))
    # Of another type, with consent as well.
    track(eve, TimerStarted(), at=AS_OF - timedelta(days=2))
    Event.objects.of(eve).update(consent=record)
    assert told() == ["5.0 % of these events have person-level consent."] * 3
    for panel in ("figures", "funnel", "retention"):
        rows = browser_of_staff.get(f"/admin/panels/{panel}.csv?{DAYS}").getvalue().decode().splitlines()
        assert [row for row in rows if row.startswith("Person-level consent,5.0 %,")], panel


def test_a_cut_triangle_says_how_much_of_its_own_days_has_consent(browser_of_staff, did):
    ann = did("ann", 1)
    did("ann", 30, 29)
    did("ben", 1)
    record = grant(ann, source=Source.SETTINGS, at=AS_OF - timedelta(days=2))
    Event.objects.of(ann).filter(occurred_at__gte=AS_OF - timedelta(days=2)).update(consent=record)

    page = browser_of_staff.get(f"/admin/?{DAYS}&period=90d&pace=day").content.decode()

    assert "These are the latest 24 cohorts of the chosen days." in page
    *_others, of_the_triangle = re.findall(r"data-consent-coverage>(.*?)</p>", page)
    assert of_the_triangle == "50.0 % of these events have person-level consent."


def test_without_events_the_page_says_how_to_send_one(browser_of_staff):
    page = browser_of_staff.get("/admin/").content.decode()

    assert "No events yet" in page
    assert "curl -X POST http://testserver/api/v1/events/" in page


def test_days_before_the_first_event_are_told_apart(browser_of_staff, a_product):
    page = browser_of_staff.get("/admin/?as_of=2020-01-31").content.decode()

    assert "These days lie before the first event, which happened on 31 Dec 2025." in page


def test_a_month_without_a_complete_day_is_told_apart(browser_of_staff, a_product):
    page = browser_of_staff.get("/admin/?period=custom&first=2999-01-01").content.decode()

    assert "No day of these has passed completely yet." in page


def test_staff_without_permission_are_told_so(in_groups, a_product):
    page = in_groups().get(f"/admin/?{DAYS}").content.decode()

    assert page.count("You have no permission to see this.") == len(PANELS)


def test_small_counts_are_hidden_from_those_who_may_not_see_people(in_groups, a_product):
    page = in_groups("Aggregate figures").get(f"/admin/?{DAYS}").content.decode()

    assert "people-behind" not in page
    assert "&lt; 5" in page


def test_too_few_people_are_not_shown_at_all(in_groups, did):
    did("ann", 3)
    page = in_groups("Aggregate figures").get(f"/admin/?{DAYS}").content.decode()

    assert "Too few people to show: fewer than five entered." in page
    assert "Too few people to show: fewer than five began in these days." in page


@pytest.mark.usefixtures("a_product")
def test_a_panel_that_fails_leaves_the_others(browser_of_staff, caplog):
    SavedFunnel.objects.create(slug="gone", name="Gone", steps=[{"event": "never.declared"}])
    page = browser_of_staff.get(f"/admin/?{DAYS}&funnel=gone").content.decode()

    assert "This panel could not be drawn." in page
    assert "never.declared" not in page
    assert 'id="card-active"' in page
    assert "A panel failed." in caplog.text


@pytest.mark.usefixtures("a_product")
def test_a_panel_that_fails_says_so_as_csv_too(browser_of_staff, caplog):
    SavedFunnel.objects.create(slug="gone", name="Gone", steps=[{"event": "never.declared"}])
    answer = browser_of_staff.get(f"/admin/panels/funnel.csv?{DAYS}&funnel=gone")

    assert answer.status_code == 503
    assert answer.content.decode().startswith("This panel could not be drawn.")
    assert "A panel failed." in caplog.text


def slow_statement():
    """Ask the database for something that takes longer than it may."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 50")
            cursor.execute("SELECT pg_sleep(5)")
        else:
            cursor.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000000) "
                "SELECT count(*) FROM n"
            )


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_given_up_in_words_of_its_own():
    with pytest.raises(OperationalError) as raised, transaction.atomic(), within(timedelta(milliseconds=50)):
        slow_statement()

    assert "longer than the database may think" in what_went_wrong(raised.value)


class SlowPanel(Panel):
    """One that asks for too long."""

    slug = "slow"
    title = "Slow"
    definition = "It counts for minutes."
    template = "admin/growth/panels/_alerts.html"

    def answer(self, scope, reader):
        with transaction.atomic():
            slow_statement()
        return AlertsPanel().answer(scope, reader)


@pytest.mark.usefixtures("a_product")
def test_a_panel_that_takes_too_long_says_so_and_the_others_stand(browser_of_staff, monkeypatch):
    monkeypatch.setattr("growth.dashboard.panels.PANEL_LIMIT", timedelta(milliseconds=50))
    # What the other panel asks is over before SQLite first looks at the clock.
    monkeypatch.setattr("growth.dashboard.board.PANELS", (SlowPanel(), JobsPanel()))
    page = browser_of_staff.get(f"/admin/?{DAYS}").content.decode()
    answer = browser_of_staff.get(f"/admin/panels/slow.csv?{DAYS}")

    assert re.search(r'id="slow".*?This took longer than the database may think', page, re.S)
    assert re.search(r'<figure class="g-panel" id="jobs"', page)
    assert page.count('role="alert"') == 1
    assert (answer.status_code, b"took longer" in answer.content) == (503, True)


def queries_of(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_dashboard_asks_as_much_for_many_people_as_for_few(browser_of_staff, did, a_product):
    few = queries_of(browser_of_staff, f"/admin/?{DAYS}")
    for number in range(30):
        did(f"more-{number}", number % 28 + 0.5, 1)
    many = queries_of(browser_of_staff, f"/admin/?{DAYS}")

    assert few == many <= MOST_QUERIES


@pytest.mark.parametrize("period", ["today", "7d", "28d", "90d", "month", "last-month", "12m", "all"])
def test_no_preset_asks_more(browser_of_staff, a_product, period):
    assert queries_of(browser_of_staff, f"/admin/?{DAYS}&period={period}") <= MOST_QUERIES


@pytest.mark.parametrize("garbage", ["page=-1", "period=%FF%FE", "as_of=0000-00-00", "x=" + "y" * 5000])
def test_garbage_in_the_address_does_no_harm(browser_of_staff, a_product, garbage):
    assert browser_of_staff.get(f"/admin/?{garbage}").status_code == 200


def test_a_name_of_staff_s_own_is_never_run(browser_of_staff, a_product):
    SavedFunnel.objects.create(
        slug="script", name="<script>alert(1)</script>{{7*7}}", steps=[{"event": "activity"}]
    )
    page = browser_of_staff.get(f"/admin/?{DAYS}&funnel=script").content.decode()

    assert "<script>alert(1)" not in page
    assert "{{7*7}}" in page


def test_an_event_that_staff_declared_can_be_a_step(browser_of_staff, a_product):
    EventType.objects.declare("report.shared", "Somebody shared a report.")
    SavedFunnel.objects.create(slug="share", name="Share", steps=[{"event": "report.shared"}])
    page = browser_of_staff.get(f"/admin/?{DAYS}&funnel=share").content.decode()

    assert "Nobody entered this funnel in these days." in page


def test_a_long_triangle_says_that_it_is_cut(browser_of_staff, a_product):
    asked = f"/admin/?{DAYS}&period=90d"

    assert "latest 24 cohorts" in browser_of_staff.get(f"{asked}&pace=day").content.decode()
    assert "latest 24 cohorts" not in browser_of_staff.get(f"{asked}&pace=week").content.decode()


def test_a_cohort_that_cannot_be_read_stands_beside_the_others_with_a_dash(browser_of_staff, a_product):
    Cohort.objects.create(slug="broken", name="Broken", rules=[{"property": "renamed_since", "is": "high"}])
    page = browser_of_staff.get(f"/admin/?{DAYS}").content.decode()
    (panel,) = re.findall(r'id="cohorts".*?</figure>', page, re.S)
    rows = browser_of_staff.get(f"/admin/panels/cohorts.csv?{DAYS}").getvalue().decode().splitlines()

    assert re.search(r'>Broken</span>.*?g-count"><span>–<', panel)  # noqa: RUF001
    assert "Their rules cannot be read, so nobody knows who is in them: Broken." in panel
    assert links_of(panel)
    assert "Broken,–,–" in rows  # noqa: RUF001


def test_a_link_to_a_cohort_that_cannot_be_read_any_more_is_no_question(browser_of_staff, a_product):
    Cohort.objects.create(slug="broken", name="Broken", rules=[{"property": "renamed_since", "is": "high"}])
    asked = {"kind": "cohort", "slug": "broken", "as_of": AS_OF.isoformat(), "reported_only": True}

    assert browser_of_staff.get("/admin/people-behind/", {"q": json.dumps(asked)}).status_code == 404
