"""Every page with every placement: what somebody is asked there, and what a supporter is not."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from donations.experiments import SUPPORT_HERO
from donations.models import DonationInteraction, Supporter
from growth.models import User
from telemetry.experiments.models import Experiment
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

PAGES = (
    "/",
    "/reports/",
    "/settings/",
    "/pricing/",
    "/about/",
    "/help/",
    "/donate/",
    "/settings/privacy/",
    "/settings/license/",
    "/referrals/",
)
#: What stands on which page, besides what stands on all of them.
OWN = {
    "/": {"dashboard_widget"},
    "/reports/": {"reports"},
    "/settings/": {"settings"},
    "/about/": {"about_page"},
    "/help/": {"help_page"},
}
EVERYWHERE = {"header", "sidebar", "user_menu"}


@pytest.fixture
def ada():
    return Person.objects.of_account(User.objects.create_user("ada@example.org"))


@pytest.fixture
def page(ada):
    """`page(address)`: what she reads there."""
    client = Client()
    client.force_login(ada.account)
    return lambda address: client.get(address).content.decode()


def openers(html):
    return set(re.findall(r'data-support-open="([a-z_]+)"', html))


@pytest.mark.parametrize("address", PAGES)
def test_each_page_has_its_placements_with_real_links(page, address):
    html = page(address)
    expected = EVERYWHERE | OWN.get(address, set()) | (set() if address == "/donate/" else {"banner"})

    assert openers(html) == expected
    for placement in expected:
        assert f'href="/donate/?from={placement}"' in html
    assert html.count("<dialog") == 1


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize(
    "quiet", [{"tier": "paid"}, {"credit_until": "2999-01-01T00:00Z"}, {"never_ask": True}], ids=str
)
def test_who_is_not_asked_finds_no_ask_anywhere(ada, page, address, quiet):
    Supporter.objects.create(person=ada, **quiet)
    html = page(address)

    assert openers(html) == set()
    assert "data-support-banner" not in html
    assert "data-asks" not in html
    # The page of support itself is always there, for whoever goes there.
    assert ("data-support-form" in html) is (address == "/donate/")


def test_a_supporter_keeps_thanks_figures_and_share(ada, page):
    Supporter.objects.create(person=ada, tier="paid", reports_generated=7)
    home = page("/")

    assert "Thank you for your support" in home
    assert "<dd>7</dd>" in home
    assert "data-support-share" in home
    assert "Thank you" in page("/settings/")


def test_the_support_page_is_there_for_everybody(client, ada, page, settings):
    settings.SUPPORT_ASKING = False
    Supporter.objects.create(person=ada, never_ask=True)

    for html in (client.get("/donate/").content.decode(), page("/donate/")):
        assert 'name="choice" value="10"' in html
        assert "Get the key, €25" in html


def test_the_page_of_support_works_for_who_is_asked_nowhere_else(ada, page):
    Supporter.objects.update_or_create(person=ada, defaults={"never_ask": True})

    assert 'donations/support.js" type="module"' in page("/donate/")


def test_a_site_that_asks_nobody_shows_visitors_nothing_either(client, settings):
    assert openers(client.get("/about/").content.decode()) == {"about_page"}
    settings.SUPPORT_ASKING = False

    assert openers(client.get("/about/").content.decode()) == set()


PEOPLE = 'FROM "telemetry_person"'


@pytest.mark.parametrize("address", PAGES)
def test_support_costs_a_page_one_query(ada, page, address, django_assert_max_num_queries):
    page(address)
    with CaptureQueriesContext(connection) as captured:
        page(address)

    reads = [query["sql"] for query in captured if query["sql"].startswith(("SELECT", "EXECUTE"))]
    # On PostgreSQL the policy's query is planned already, and run by its name.
    policy = [
        sql
        for sql in reads
        if sql.startswith("EXECUTE") or ("donations_supporterkey" in sql and PEOPLE in sql)
    ]
    of_support = [sql for sql in reads if "donations_supporter" in sql or "telemetry_experiment" in sql]
    assert len(policy) == 1
    # The settings ask for the membership and the key besides: sections of their own.
    assert len({*of_support, *policy}) <= (3 if address.startswith("/settings/") else 1)


@pytest.mark.parametrize("address", ["/accounts/email/", "/accounts/2fa/", "/settings/privacy/erase/"])
def test_who_is_in_the_middle_of_something_is_not_asked(page, address):
    html = page(address)

    assert openers(html) == set()
    assert "<dialog" not in html


def test_a_page_view_of_support_names_what_led_there(ada, page):
    page("/donate/?from=header&prompt=seven_day")
    page("/donate/?from=<svg>&prompt=nagging")

    said = DonationInteraction.objects.order_by("pk").values_list("interaction_type", "placement", "prompt")
    assert list(said) == [("page_viewed", "header", "seven_day"), ("page_viewed", "donate_page", "")]


def test_a_page_fetched_ahead_is_not_viewed(ada):
    client = Client()
    client.force_login(ada.account)
    client.get("/donate/", headers={"Sec-Purpose": "prefetch;prerender"})
    client.head("/donate/")

    assert not DonationInteraction.objects.exists()


def test_the_preference_is_one_switch(ada, page):
    client = Client()
    client.force_login(ada.account)

    answer = client.post("/donate/preferences/", {"never_ask": "on"})
    assert answer["Location"] == "/settings/#support-community"
    assert openers(page("/")) == set()
    client.post("/donate/preferences/", {})
    assert "header" in openers(page("/"))


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ("control", "Choose an amount"),
        ("key_first", "Get the supporter key"),
        ("cta_alt", "Keep it independent"),
    ],
)
def test_an_arm_changes_banner_dialog_and_page(ada, page, arm, words):
    experiment = Experiment.objects.get(key=SUPPORT_HERO)
    experiment.start(at=timezone.now())
    experiment.roll_out(experiment.arms.get(name=arm), at=timezone.now())
    home, support = page("/"), page("/donate/")

    assert words in home
    for html in (home, support):
        key_first = html.index('class="ask-key"') < html.index('class="ask-amounts"')
        assert key_first is (arm == "key_first")
    assert ("Keep it independent" in support) is (arm == "cta_alt")
    assert ('data-support-open="banner_key"' in home) is (arm == "key_first")


@pytest.mark.parametrize(
    ("seconds", "entries", "title"),
    [
        (360_000, 60, "More than a hundred hours"),
        (359_000, 50, "More than fifty entries"),
        (0, 49, "This is paid for by the people who use it"),
    ],
)
def test_the_banner_begins_with_a_milestone(ada, page, seconds, entries, title):
    from telemetry.segments.models import Segment

    Segment.objects.create(
        person=ada, seconds_tracked=seconds, entries_all_time=entries, computed_at=timezone.now()
    )

    assert title in page("/")


def test_outbound_links_are_those_of_the_settings(page, settings):
    assert "data-support-click" not in page("/")
    settings.SUPPORT_COFFEE_URL = "https://coffee.example/growth"
    home = page("/")

    assert 'href="https://coffee.example/growth"' in home
    assert 'data-support-outbound data-support-click="banner_bmc"' in home


def test_social_proof_is_a_line_or_nothing(page, settings):
    assert "social-proof" not in page("/donate/")
    settings.SUPPORT_SOCIAL_PROOF = "4,210 people gave last year."

    assert "4,210 people gave last year." in page("/donate/")


def test_what_is_asked_after_a_report_is_asked_on_the_next_page(ada, page):
    assert "data-asks" not in page("/reports/")
    assert Supporter.objects.get().reports_generated == 1

    assert 'data-asks="now"' in page("/")


def test_every_page_is_shown_without_an_open_dialog(page):
    assert "<dialog open" not in "".join(page(address) for address in PAGES)
