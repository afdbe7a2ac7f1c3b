"""Every page with every placement: what somebody is asked there, and what a supporter is not."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse
from django.utils import timezone

from donations.experiments import SUPPORT_HERO
from donations.models import Checkout, DonationInteraction, StripeCustomer, Subscription, Supporter
from growth.models import User
from referrals.models import Referral, ReferralCode
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
#: Where somebody is in the middle of something: signing in, securing their account, going.
BUSY = ("account_", "mfa_", "privacy_erase", "privacy_goodbye")


def names_of(resolver):
    """The name of every address of the site; the admin's have a space of theirs."""
    for pattern in resolver.url_patterns:
        if not isinstance(pattern, URLResolver):
            yield pattern.name
        elif not pattern.namespace:
            yield from names_of(pattern)


def test_every_page_of_the_site_is_walked(ada):
    client, walked = Client(), set()
    for name in {name for name in names_of(get_resolver()) if name and not name.startswith(BUSY)}:
        try:
            address = reverse(name)
        except NoReverseMatch:
            continue  # of one thing: below, among the answers
        client.force_login(ada.account)
        answer = client.get(address)
        if answer.status_code == 200 and b'<header class="top">' in answer.content:
            walked.add(address)

    assert walked == set(PAGES)


def post(client, **said):
    return client.post("/donate/checkout/", {"kind": "once", "choice": "5", "token": uuid4(), **said})


def thanks(client, ada, _settings, state="paid"):
    Checkout.objects.create(
        person=ada, kind="once", session_id="cs_1", amount=500, currency="eur", state=state,
        idempotency_key="checkout:1", created_at=timezone.now(),
    )  # fmt: skip
    return client.get("/donate/thanks/?session_id=cs_1")


def not_paid(client, ada, settings):
    return thanks(client, ada, settings, state="failed")


def refused(client, _ada, _settings):
    return post(client, choice="custom", amount="0,5")


def already_member(client, ada, _settings):
    customer = StripeCustomer.objects.create(
        customer_id="cus_1", person=ada, livemode=False, created_at=timezone.now()
    )
    Subscription.objects.create(
        stripe_id="sub_1", customer=customer, person=ada, status="active", amount=500, currency="eur",
        is_membership=True, fetched_at=timezone.now(),
    )  # fmt: skip
    return post(client, kind="monthly")


def unavailable(client, _ada, settings):
    settings.DEVELOPMENT_CHECKOUT, settings.STRIPE_SECRET_KEY = False, "sk_test_1"
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    return post(client)


def not_configured(client, _ada, settings):
    settings.DEVELOPMENT_CHECKOUT, settings.STRIPE_SECRET_KEY = False, ""
    return post(client)


def friend(client, ada, _settings):
    bea = Person.objects.of_account(User.objects.create_user("bea@example.org"))
    code = ReferralCode.objects.issue_to(ada, at=timezone.now())
    brought = Referral.objects.link(bea, code, captured_at=timezone.now(), at=timezone.now())
    assert brought is not None
    return client.get(f"/referrals/friends/{brought.pk}/")


#: Pages that answer a form, or are of one thing, and what is read on them.
ANSWERS = {
    thanks: "Thank you!",
    not_paid: "This was not paid",
    refused: "That amount does not work",
    already_member: "You give every month already",
    unavailable: "does not answer",
    not_configured: "Payments are not set up yet",
    friend: "friend",
}


@pytest.fixture
def answer(ada, settings):
    """`answer(refused)`: what she reads there."""
    client = Client()
    client.force_login(ada.account)
    return lambda get: get(client, ada, settings).content.decode()


@pytest.mark.parametrize(("get", "words"), ANSWERS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_an_answer_has_the_placements_of_every_page(answer, get, words):
    html = answer(get)

    assert words in html
    assert openers(html) >= EVERYWHERE
    assert "<dialog open" not in html


@pytest.mark.parametrize(("get", "words"), ANSWERS.items(), ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.parametrize("quiet", [{"tier": "paid"}, {"never_ask": True}], ids=str)
def test_who_is_not_asked_finds_no_ask_in_any_answer(ada, answer, get, words, quiet):
    Supporter.objects.update_or_create(person=ada, defaults=quiet)
    html = answer(get)

    assert words in html
    assert openers(html) == set()
    assert "data-support-banner" not in html
    assert "data-asks" not in html


FORMS = r'<form[^>]*action="(?:/donate/checkout/|/donate/portal/)".*?</form>'


def test_what_leads_to_another_site_waits_offline():
    """In the templates, since no page shows all of them; the forms for a key lead nowhere else."""
    forms = r'<form\b[^>]*action="(?:{% url "support_(?:checkout|portal)" %}|{{ action }})".*?</form>'
    away = []
    keys = {"_enter_key.html"}
    templates = settings.BASE_DIR / "templates" / "donations"
    for name in sorted({each.name for each in templates.glob("*.html")} - keys):
        text = (templates / name).read_text()
        away += [f"{name}: {each}" for each in re.findall(forms, text, re.DOTALL)]
        away += [f"{name}: {each}" for each in re.findall('<a [^>]*target="_blank"[^>]*>', text)]

    assert len(away) == 10
    assert [each for each in away if "data-support-outbound" not in each] == []


@pytest.mark.parametrize("get", [refused, already_member, unavailable])
def test_a_page_with_a_way_out_has_the_script_and_the_note(ada, answer, get):
    Supporter.objects.create(person=ada, never_ask=True)
    html = answer(get)
    form = re.search(FORMS, html, re.DOTALL)

    assert form is not None
    assert "data-support-outbound" in form.group()
    assert 'donations/support.js" type="module"' in html
    assert "data-support-offline" in html


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


def placements_of(html):
    """What the two forms of the support page say led to them: that of the amounts, and that of the key."""
    main = html[html.index("<main") : html.index("</main>")]
    forms = re.findall(
        r'<form class="ask-(amounts|key)".*?name="placement" value="([a-z_]*)"', main, re.DOTALL
    )
    return dict(forms)


@pytest.mark.parametrize(
    ("address", "amounts", "key"),
    [
        ("/donate/", "donate_page", "donate_page_key"),
        ("/donate/?from=about_page", "about_page", "about_page"),
        ("/donate/?from=banner_key", "banner_key", "banner_key"),
    ],
)
def test_the_key_of_the_support_page_is_a_placement_unless_another_led_there(page, address, amounts, key):
    assert placements_of(page(address)) == {"amounts": amounts, "key": key}


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


#: What the ask is made of, as far as it could be asked for.
OURS = ("donations_", "telemetry_experiment", "telemetry_assignment", "telemetry_arm", "telemetry_exposure")
#: Sections of their own: the membership, its payments and the key; the page of keys.
SECTIONS = {"/settings/": 5, "/settings/license/": 2}


def reads_of_support(page, address):
    """Each read of the ask on a page that was opened before, in order."""
    page(address)
    with CaptureQueriesContext(connection) as captured:
        page(address)
    # On PostgreSQL the policy's query is planned already, and run by its name.
    reads = [query["sql"] for query in captured if query["sql"].startswith(("SELECT", "EXECUTE"))]
    return [sql for sql in reads if sql.startswith("EXECUTE") or any(table in sql for table in OURS)]


def started():
    experiment = Experiment.objects.get(key=SUPPORT_HERO)
    experiment.start(at=timezone.now())
    return experiment


@pytest.mark.parametrize("who", ["asked", "in an experiment", "supporter"])
@pytest.mark.parametrize("address", PAGES)
def test_support_costs_a_page_one_query(ada, page, address, who):
    if who == "in an experiment":
        started()
    if who == "supporter":
        Supporter.objects.create(person=ada, tier="paid")

    reads = reads_of_support(page, address)
    policy = [
        sql
        for sql in reads
        if sql.startswith("EXECUTE") or ("donations_supporterkey" in sql and "telemetry_person" in sql)
    ]
    assert len(policy) == 1
    # The page of support records besides that the arm was seen there.
    records = address == "/donate/" and who == "in an experiment"
    assert len(reads) == 1 + SECTIONS.get(address, 0) + records, reads


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
    experiment = started()
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


@pytest.mark.parametrize(
    ("days", "title"), [(6, "This is paid for by the people who use it"), (7, "More than a week together")]
)
def test_a_week_is_a_milestone(days, title):
    joined = timezone.now() - timedelta(days=days)
    client = Client()
    client.force_login(User.objects.create_user("bea@example.org", date_joined=joined))
    Person.objects.of_account(User.objects.get(email="bea@example.org"))

    assert title in client.get("/").content.decode()


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
