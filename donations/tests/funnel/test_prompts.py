"""Soft prompts: which, to whom, how often; and that two tabs get one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection, connections
from django.db.models import Q

from donations.events import Prompt
from donations.funnel import show_prompt
from donations.interactions import record_report_generated
from donations.models import DonationInteraction, Supporter
from donations.prompts import next_prompt
from donations.querysets import supporters
from donations.tests.funnel.conftest import A_SECOND, DAY, NOON
from donations.visibility import SupportVisibility, people_asked
from telemetry.log.models import Event
from telemetry.log.product_events import ActivityLogged
from telemetry.log.track import track
from telemetry.people.models import Person

WEEK = 7 * DAY


def seen(person, at=NOON):
    return SupportVisibility.of(people_asked().get(pk=person.pk), at=at)


def prompt(person, at=NOON, kind=None):
    return next_prompt(seen(person, at), at=at, kind=kind)


def shown(person, at=NOON, kind=None):
    """What somebody is shown; it is claimed."""
    found = prompt(person, at, kind)
    return found if found and show_prompt(seen(person, at), found, at=at) else None


def worked(person, hours, at=NOON):
    track(person, ActivityLogged(duration_seconds=round(hours * 3600)), at=at - timedelta(hours=1))


def signed_up(days):
    return Person.objects.create(signed_up_at=NOON - days * DAY, sign_up_stated=True)


@pytest.mark.django_db
def test_a_pending_report_comes_first_and_once(account, ada):
    worked(ada, 8)
    record_report_generated(account, at=NOON)

    assert shown(ada) is Prompt.AFTER_REPORT
    row = Supporter.objects.get()
    assert (row.prompted_at, row.after_report_shown_at, row.after_report_armed_at) == (NOON, NOON, None)
    assert shown(ada) is None
    assert shown(ada, NOON + WEEK) is Prompt.SEVEN_DAY


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "expected"), [(6, None), (7, Prompt.SEVEN_DAY)])
def test_a_week_is_seven_days(days, expected):
    assert prompt(signed_up(days)) is expected


@pytest.mark.django_db
def test_the_week_is_told_once_ever():
    person = signed_up(7)

    assert shown(person) is Prompt.SEVEN_DAY
    assert [shown(person, NOON + weeks * WEEK) for weeks in range(1, 60)] == [None] * 59


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "expected"), [(3.99, None), (4.0, Prompt.ACTIVE_TODAY)])
def test_a_long_day_has_four_hours(hours, expected):
    person = signed_up(3)
    worked(person, hours)

    assert prompt(person) is expected


@pytest.mark.django_db
def test_a_long_day_is_told_every_thirty_days():
    person = signed_up(3)
    Supporter.objects.create(person=person, seven_day_shown_at=NOON)
    worked(person, 5)
    assert shown(person) is Prompt.ACTIVE_TODAY

    for later, expected in ((30 * DAY - A_SECOND, None), (30 * DAY, Prompt.ACTIVE_TODAY)):
        worked(person, 5, NOON + later)
        assert prompt(person, NOON + later) is expected


@pytest.mark.django_db
def test_the_day_is_the_project_s(settings):
    settings.TIME_ZONE = "Europe/Vienna"
    person = signed_up(3)
    for hour in (22, 23):  # before and after midnight in Vienna
        at = datetime(2026, 3, 4, hour, 30, tzinfo=UTC)
        track(person, ActivityLogged(duration_seconds=2 * 3600), at=at)

    assert prompt(person) is None
    worked(person, 2)
    assert prompt(person) is Prompt.ACTIVE_TODAY


@pytest.mark.django_db
def test_what_was_shown_least_recently_comes_first(ada):
    Supporter.objects.create(person=ada, active_today_shown_at=NOON - 40 * DAY)
    worked(ada, 5)
    assert prompt(ada) is Prompt.SEVEN_DAY

    Supporter.objects.update(seven_day_shown_at=NOON - 10 * DAY)
    assert prompt(ada) is Prompt.ACTIVE_TODAY


@pytest.mark.django_db
def test_a_long_session_is_told_when_the_browser_says_so(ada):
    assert shown(ada, kind=Prompt.LONG_SESSION) is Prompt.LONG_SESSION
    assert shown(ada, NOON + WEEK - A_SECOND, kind=Prompt.LONG_SESSION) is None
    assert shown(ada, NOON + WEEK, kind=Prompt.LONG_SESSION) is Prompt.LONG_SESSION


@pytest.mark.django_db
@pytest.mark.parametrize(
    "quiet", [{"tier": "paid"}, {"never_ask": True}, {"asks_rest_until": NOON + A_SECOND}]
)
def test_who_is_not_asked_is_shown_nothing(account, ada, quiet):
    record_report_generated(account, at=NOON)
    Supporter.objects.update(**quiet)

    assert [prompt(ada), prompt(ada, kind=Prompt.LONG_SESSION)] == [None, None]
    assert Supporter.objects.get().after_report_armed_at is None


@pytest.mark.django_db
def test_what_is_shown_is_a_row_and_an_event(ada):
    shown(ada, kind=Prompt.LONG_SESSION)

    row = DonationInteraction.objects.get()
    assert (row.interaction_type, row.prompt, row.placement) == (
        "support_prompt_shown",
        "long_session",
        "long_session_timer",
    )
    assert Event.objects.filter(type__name="support.prompt_shown").count() == 1


def two_tabs(person):
    """How many of eight tabs that ask at the same instant are told to show it."""
    barrier = Barrier(8)

    def tab(_number):
        try:
            what = seen(person)
            found = next_prompt(what, at=NOON)
            barrier.wait(10)
            return found is not None and show_prompt(what, found, at=NOON)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as tabs:
        return sum(tabs.map(tab, range(8)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs threads that write at once")
def test_of_two_tabs_one_shows_it():
    person = signed_up(7)

    assert two_tabs(person) == 1
    assert DonationInteraction.objects.count() == 1


@pytest.mark.guard
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs threads that write at once")
def test_without_the_comparison_every_tab_shows_it(monkeypatch):
    def claim(self, person, kind, *, at):
        return bool(self.of(person).filter(Q()).update(prompted_at=at))

    monkeypatch.setattr(supporters.SupporterQuerySet, "claim_prompt", claim)
    monkeypatch.setattr(Supporter.objects.__class__, "claim_prompt", claim)

    assert two_tabs(signed_up(7)) > 1
