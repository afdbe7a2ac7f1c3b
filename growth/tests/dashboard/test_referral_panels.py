"""Referrals on the dashboard: what stands there, and who is behind it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from growth.tests.dashboard.conftest import AS_OF, DAYS
from referrals.models import CreditGrant, Referral, ReferralClick, ReferralCode
from referrals.tests.conftest import the_ledger_is_what_it_says  # noqa: F401 - fixture
from telemetry.operations.models import Alert
from telemetry.people.models import Person


@pytest.fixture
def brought(a_product):
    """Six friends by one code, three of them confirmed, one a member; and one opening."""
    at = AS_OF - timedelta(days=3)
    ada = Person.objects.create(signed_up_at=at - timedelta(days=2), sign_up_stated=True)
    code = ReferralCode.objects.issue_to(ada, at=at)
    ReferralClick.objects.count_up(code, day=timezone.localdate(at))
    for number, state in enumerate(["provisional"] * 3 + ["pending"] * 2 + ["converted"]):
        friend = Person.objects.create(signed_up_at=at, sign_up_stated=True)
        Referral.objects.create(
            code=code,
            referrer=ada,
            referred=friend,
            state=state,
            captured_at=at,
            created_at=at,
            confirmed_at=None if state == "provisional" else at + timedelta(minutes=number),
            converted_at=at + timedelta(days=1) if state == "converted" else None,
        )
    return code


#: Computed of the people behind them, not counted.
COMPUTED = ("k-factor", "Invitations", "Accepted (c)", "The cohort", "Cycle", "Days that")


def links_of(html):
    """Each count of people that opens, with its address; several figures are computed of the same people."""
    found = re.findall(r'<a href="([^"]*people-behind/[^"]*)" aria-label="([^"]*): ([^":]*)"', html)
    return [(unescape(href), int(text)) for href, label, text in found if not label.startswith(COMPUTED)]


def panel(client, slug="referrals"):
    """The panel's part of the dashboard."""
    page = client.get(f"/admin/?{DAYS}").content.decode()
    return page[page.index(f'id="{slug}"') :].partition("</figure>")[0]


def test_every_count_is_as_long_as_the_list_behind_it(browser_of_staff, brought):
    shown = links_of(panel(browser_of_staff)) + links_of(panel(browser_of_staff, "referral-codes"))

    assert {count for _href, count in shown} >= {1, 3, 6}
    for href, count in shown:
        assert browser_of_staff.get(href).context["page"].paginator.count == count, href


def test_the_figures_say_what_they_mean(browser_of_staff, brought):
    html = re.sub(r"<[^>]+>", " ", panel(browser_of_staff))

    assert "counted clicks" in html
    assert "Only friends who confirmed and passed every check count." in html
    assert "2 d" in html  # the cycle


def test_a_computed_figure_opens_the_people_it_is_computed_of(browser_of_staff, brought):
    assert re.search(r'k-factor: [\d.]+">', panel(browser_of_staff))


def test_an_alert_of_refunds_is_seen(browser_of_staff, brought):
    Alert.objects.raise_alert("referrals.refunds:somebody", "warning", "Look.", AS_OF)

    old = Alert.objects.create(
        key="referrals.refunds:old",
        severity="warning",
        first_seen_at=AS_OF,
        last_seen_at=AS_OF,
        message="Old.",
    )
    Alert.objects.filter(pk=old.pk).update(resolved_at=AS_OF)

    [href] = re.findall(r'<a href="([^"]*)" aria-label="Alerts of refunds: 1"', panel(browser_of_staff))

    rows = browser_of_staff.get(unescape(href)).context["cl"].result_list
    assert [alert.key for alert in rows] == ["referrals.refunds:somebody"]


def test_everything_that_has_a_value_opens(browser_of_staff, brought):
    Alert.objects.raise_alert("referrals.refunds:somebody", "warning", "Look.", AS_OF)
    html = panel(browser_of_staff)
    facts = re.findall(r"<dt>([^<]*)</dt><dd>(.*?)</dd>", html, re.DOTALL)
    steps = re.findall(r'<span class="g-name">([^<]*)</span>.*?<span class="g-count">(.*?)</span>', html)
    assert len(facts) == 10
    assert len(steps) == 4

    for label, shown in (*steps, *facts):
        if re.sub(r"<[^>]+>", "", shown).strip() in ("0", "\N{EN DASH}"):
            continue
        href = re.search(r'href="([^"]+)"', shown)
        assert href, label
        assert browser_of_staff.get(unescape(href[1])).status_code == 200, label


def test_openings_lead_to_those_of_the_days_and_of_the_code(browser_of_staff, brought):
    day = timezone.localdate(AS_OF - timedelta(days=3))
    other = ReferralCode.objects.issue_to(Person.objects.create(), at=AS_OF)
    ReferralClick.objects.count_up(other, day=day)
    for another_day in (day - timedelta(days=400), timezone.localdate(AS_OF)):
        ReferralClick.objects.count_up(brought, day=another_day)

    def listed(slug):
        """What each figure of openings says, and what its list comes to."""
        found = re.findall(
            r'<a href="([^"]*referralclick[^"]*)" aria-label="[^"]*: (\d+)"', panel(browser_of_staff, slug)
        )
        for href, said in found:
            rows = browser_of_staff.get(unescape(href)).context["cl"].result_list
            yield int(said), sum(row.count for row in rows), {row.code for row in rows}

    assert list(listed("referrals")) == [(2, 2, {brought, other})]
    assert list(listed("referral-codes")) == [(1, 1, {brought}), (1, 1, {other})]


def test_a_code_s_conversion_is_one_figure_in_panel_and_list(browser_of_staff, brought):
    """One member of three who confirmed, of six who signed up."""
    assert "<td>33.3 %</td>" in panel(browser_of_staff, "referral-codes")
    assert b"33.3 %" in browser_of_staff.get("/admin/referrals/referralcode/").content


def test_small_counts_are_hidden_from_who_may_not_see_people(in_groups, brought):
    html = panel(in_groups("Aggregate figures"))

    assert "&lt; 5" in html
    assert not links_of(html)


@pytest.mark.parametrize("people", [4, 5])
def test_days_are_hidden_where_the_people_are_too_few_to_count(in_groups, browser_of_staff, brought, people):
    at = AS_OF - timedelta(days=1)
    for number, friend in enumerate(Person.objects.filter(referral__isnull=False)[:people]):
        CreditGrant.objects.grant(
            friend, 45, "referral_referred", at=at, referral=friend.referral, idem_key=f"{number}"
        )
    days = f"{45 * people}"

    told = panel(in_groups("Aggregate figures"))
    assert (days in told) is (people == 5)
    assert ("\N{EN DASH} given on these days, \N{EN DASH} taken back" in told) is (people == 4)
    assert days in panel(browser_of_staff)


def test_codes_are_for_who_may_see_codes(in_groups, brought):
    assert brought.code not in panel(in_groups("Aggregate figures"), "referral-codes")
    assert brought.code in panel(in_groups("Aggregate figures", "Referrals"), "referral-codes")


@pytest.mark.parametrize("slug", ["referrals", "referral-codes"])
def test_a_panel_is_downloaded_as_it_stands(browser_of_staff, brought, slug):
    answer = browser_of_staff.get(f"/admin/panels/{slug}.csv?{DAYS}")

    assert answer.status_code == 200
    assert "3" in b"".join(answer.streaming_content).decode()


def test_where_nobody_came_it_is_said(browser_of_staff, a_product):
    assert "Nobody came by a link on these days." in panel(browser_of_staff)


@pytest.mark.parametrize(
    "wrong", [{"step": "x"}, {"code": "0"}, {"code": 1}, {"start": "2026"}, {"as_of": None}]
)
def test_a_forged_question_is_not_found(browser_of_staff, brought, wrong):
    href, _count = links_of(panel(browser_of_staff))[0]
    asked = json.loads(parse_qs(urlsplit(href).query)["q"][0]) | wrong

    assert browser_of_staff.get("/admin/people-behind/", {"q": json.dumps(asked)}).status_code == 404
