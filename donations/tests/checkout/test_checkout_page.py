"""The form on any page, and what it answers."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from donations.models import Checkout, DonationInteraction, StripeCustomer, Subscription, Supporter
from donations.tests.checkout.conftest import NOW
from donations.tests.stripe.faults import Fault
from telemetry.log.models import Event
from telemetry.people.models import Person

URL = "/donate/checkout/"


@pytest.fixture
def signed_in(client, account):
    client.force_login(account)
    return client


@pytest.fixture
def post(stripe):
    """`post(client)`: five euros, once, unless told otherwise."""

    def post(client, **fields):
        sent = {"kind": "once", "amount": "5", "placement": "header", "token": str(uuid4())}
        return client.post(URL, sent | fields)

    return post


def test_it_leads_on_to_the_page_where_it_is_paid(post, signed_in, person):
    answer = post(signed_in, amount="12.50", placement="donate_page", choice="custom")

    checkout = Checkout.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, checkout.session_url)
    assert (checkout.person, checkout.amount, checkout.placement, checkout.choice) == (
        person,
        1250,
        "donate_page",
        "custom",
    )
    assert "no-store" in answer["Cache-Control"]


def test_the_prices_of_key_and_membership_are_ours(post, signed_in, settings):
    post(signed_in, kind="key", amount="1")
    post(signed_in, kind="monthly", amount="")

    assert list(Checkout.objects.order_by("pk").values_list("kind", "amount")) == [
        ("key", settings.SUPPORT_KEY_PRICE),
        ("monthly", settings.SUPPORT_MEMBERSHIP_PRICE),
    ]


def test_what_goes_on_every_month_needs_an_account_that_can_end_it(post, client, account):
    assert 'value="monthly"' not in client.get("/donate/").content.decode()
    answer = post(client, kind="monthly")

    assert next_of(answer["Location"]) == "/donate/?from=header"
    assert not Checkout.objects.exists()
    client.force_login(account)
    assert 'value="monthly"' in client.get("/donate/").content.decode()


@pytest.fixture
def touches(post, signed_in, person):
    """`touches(reports)`: the steps in the log after these reports, and a form with the amount of €5."""

    def touches(*reports, placement="donate_page", **fields):
        for report in reports:
            assert signed_in.post("/donate/track-support-event", report).status_code == 200
        assert post(signed_in, placement=placement, **{"choice": "5", **fields}).status_code == 303
        steps = DonationInteraction.objects.filter(person=person).order_by("created_at", "pk")
        events = Event.objects.filter(person=person, type__name__startswith="support.").order_by(
            "occurred_at", "pk"
        )
        assert [
            each.removeprefix("support_") for each in steps.values_list("interaction_type", flat=True)
        ] == [each.removeprefix("support.") for each in events.values_list("type__name", flat=True)]
        return [(step.interaction_type, step.placement, step.choice) for step in steps]

    return touches


CHOSEN = {"event": "support_donation_clicked", "placement": "donate_page", "choice": "5"}
CLICKED = ("support_donation_clicked", "donate_page", "5")
STARTED = ("checkout_started", "donate_page", "5")


@pytest.mark.parametrize("never_ask", [True, False])
def test_an_amount_that_no_script_reported_is_in_the_log_before_its_checkout(touches, person, never_ask):
    Supporter.objects.create(person=person, never_ask=never_ask)

    assert touches() == [CLICKED, STARTED]


def test_a_visitor_who_agreed_chose_an_amount_too(begin, visitor):
    begin(visitor, placement="about_page", choice="5", prompt="")

    told = DonationInteraction.objects.order_by("created_at", "pk").values_list("person", "interaction_type")
    assert list(told) == [(visitor.pk, "support_donation_clicked"), (visitor.pk, "checkout_started")]


def test_an_amount_that_the_page_reported_counts_once(touches):
    assert touches(CHOSEN) == [CLICKED, STARTED]


def test_the_same_form_sent_twice_is_one_choice(touches):
    token = str(uuid4())

    assert touches(token=token) == touches(token=token) == [CLICKED, STARTED]


def test_another_amount_than_the_reported_one_was_chosen_as_well(touches):
    ten = {**CHOSEN, "choice": "10"}

    assert touches(ten) == [("support_donation_clicked", "donate_page", "10"), CLICKED, STARTED]


def test_a_key_that_no_script_reported_is_in_the_log_as_a_key(touches):
    at_the_key = {"placement": "banner_key", "choice": "key"}
    steps = [
        ("support_license_clicked", "banner_key", "key"),
        ("checkout_started", "banner_key", "key"),
    ]

    assert touches(kind="key", **at_the_key) == steps


def test_a_key_that_the_page_reported_counts_once(touches):
    chosen = {"event": "support_license_clicked", "placement": "banner_key", "choice": "key"}
    steps = touches(chosen, kind="key", placement="banner_key", choice="key")

    assert [step for step, _, _ in steps] == ["support_license_clicked", "checkout_started"]


@pytest.mark.parametrize("lacking", [{"choice": ""}, {"placement": ""}])
def test_a_form_that_does_not_say_what_was_chosen_where_tells_of_no_click(touches, lacking):
    assert [step for step, _, _ in touches(**lacking)] == ["checkout_started"]


def next_of(address):
    """Where signing in leads, of an address that leads there."""
    return parse_qs(urlsplit(unescape(address)).query)["next"][0]


def test_whoever_signs_in_to_give_every_month_comes_back_with_what_led_there(post, client, account):
    came = "/donate/?from=about_page&prompt=seven_day"
    link = re.search(
        r'href="(/accounts/login/[^"]*)"[^>]*>Sign in to give', client.get(came).content.decode()
    )
    answer = post(client, kind="monthly", placement="about_page", prompt="seven_day")

    assert link is not None
    assert next_of(link[1]) == next_of(answer["Location"]) == came
    client.force_login(account)
    client.get(came)
    assert DonationInteraction.objects.filter(placement="about_page", prompt="seven_day").count() == 1


@pytest.mark.parametrize(
    ("choice", "typed", "amount"), [("10", "", 1000), ("25", "3", 2500), ("custom", "7", 700)]
)
def test_a_choice_says_the_amount_and_custom_leaves_it_to_what_is_typed(
    post, signed_in, choice, typed, amount
):
    post(signed_in, choice=choice, amount=typed)

    assert (Checkout.objects.get().amount, Checkout.objects.get().choice) == (amount, choice)


def test_another_amount_has_to_be_typed(post, signed_in):
    assert post(signed_in, kind="monthly", choice="custom", amount="").status_code == 400


def test_a_smaller_monthly_gift_may_be_typed(post, signed_in):
    post(signed_in, kind="monthly", amount="3")

    assert Checkout.objects.get().amount == 300


def test_a_system_id_goes_along_with_a_key_alone(post, signed_in):
    post(signed_in, kind="key", system_id=" abc-123 ")
    post(signed_in, system_id="abc-123")

    assert list(Checkout.objects.order_by("pk").values_list("system_id", flat=True)) == ["abc-123", ""]


def test_a_guest_gives_without_becoming_anybody(post, client):
    assert post(client).status_code == 303
    assert Checkout.objects.get().person is None
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    "amount", ["-5", "-0.00", "0.001", "1e12", "NaN", "", "999999999", "0.01", "{{7*7}}", "<svg onload=x>"]
)
def test_an_amount_that_cannot_be_paid_is_explained_and_leaves_no_row(post, client, amount):
    answer = post(client, amount=amount)

    assert answer.status_code == 400
    assert b"Nothing was charged" in answer.content
    assert b"<svg onload" not in answer.content
    assert not Checkout.objects.exists()


def test_yen_with_decimals_are_refused(post, client, settings):
    settings.SUPPORT_CURRENCY = "jpy"

    assert post(client, amount="500.50").status_code == 400
    assert post(client, amount="500").status_code == 303


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "gold"},
        {"token": "1"},
        {"token": ""},
        {"placement": "nowhere"},
        {"prompt": "never"},
        {"choice": "a\x00b"},
        {"choice": "' OR 1=1--"},
        {"choice": "999"},
        {"choice": "x" * 33},
        {"amount": "5" * 60_000},
        {"kind": "once\r\nX: y"},
    ],
)
def test_a_form_that_is_none_of_ours_leaves_no_row(post, client, fields):
    assert post(client, **fields).status_code == 400
    assert not Checkout.objects.exists()


def test_a_forged_variant_is_ignored(post, signed_in):
    post(signed_in, variant="key_first", currency="usd")

    assert (Checkout.objects.get().variant, Checkout.objects.get().currency) == ("", "eur")


def test_only_a_post_with_its_token_begins_anything(client, stripe):
    assert client.get(URL).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(URL, {"kind": "once", "amount": "5", "token": str(uuid4())}).status_code == 403
    assert not Checkout.objects.exists()


def test_while_stripe_is_away_the_same_form_waits_on_a_clear_page(post, client, stripe):
    stripe.is_down = True
    answer = post(client, amount="7")

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert b"Nothing was charged" in answer.content

    stripe.is_down = False
    fields = answer.context["fields"]
    assert post(client, **fields).status_code == 303
    assert Checkout.objects.get().amount == 700


def test_an_answer_that_was_lost_is_no_second_page(post, client, stripe):
    stripe.will(Fault.ANSWER_LOST, times=2)
    fields = post(client).context["fields"]

    post(client, **fields)

    assert stripe.made("checkout.session") == Checkout.objects.count() == 1


def test_in_production_without_a_key_the_page_says_what_is_missing(client, settings, admin_client, db):
    settings.DEVELOPMENT_CHECKOUT, settings.SITE_URL = False, "https://growth.example"
    sent = {"kind": "once", "amount": "5", "token": str(uuid4())}

    assert b"not set up" in client.post(URL, sent).content
    assert b"STRIPE_SECRET_KEY" not in client.post(URL, sent).content
    assert b"STRIPE_SECRET_KEY" in admin_client.post(URL, sent).content


@pytest.fixture
def admin_client(db, django_user_model):
    client = Client()
    client.force_login(django_user_model.objects.create_superuser(email="staff@growth.example"))
    return client


def test_a_member_is_told_so(post, signed_in, person):
    customer = StripeCustomer.objects.create(
        customer_id="cus_1", person=person, livemode=False, created_at=NOW
    )
    Subscription.objects.create(
        stripe_id="sub_1",
        customer=customer,
        person=person,
        status="active",
        amount=500,
        currency="eur",
        fetched_at=NOW,
    )

    answer = post(signed_in, kind="monthly")

    assert answer.status_code == 409
    assert b"every month already" in answer.content


def test_while_a_membership_is_confirmed_the_second_tab_leads_there(post, signed_in, stripe):
    post(signed_in, kind="monthly")
    first = Checkout.objects.get()
    stripe.pays(first.session_id)

    answer = post(signed_in, kind="monthly")

    assert answer["Location"] == f"{reverse('support_thanks')}?session_id={first.session_id}"


@pytest.mark.parametrize("limit", ["CHECKOUTS_OF_ONE", "CHECKOUTS_FROM_ONE"])
def test_too_many_are_refused_for_a_while(limit, post, signed_in, monkeypatch):
    from donations.views import checkout
    from telemetry.operations.limits import Limit

    monkeypatch.setattr(checkout, limit, Limit("checkout-test", 1, checkout.CHECKOUTS_OF_ONE.window))
    assert post(signed_in).status_code == 303
    assert post(signed_in).status_code == 429


HOSTILE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "/ok\r\nX: y",
    "https://growth.example@evil.example/",
    "/donate/?next=//evil.example",
]


@pytest.mark.parametrize("name", ["next", "redirect_to", "success_url", "cancel_url", "return_url"])
@pytest.mark.parametrize("url", HOSTILE)
def test_no_field_changes_where_stripe_sends_people_back_to(post, client, stripe, name, url):
    assert post(client, **{name: url}).status_code == 303

    session = stripe.only("checkout.session")
    assert session["success_url"].startswith("http://testserver/donate/thanks/?session_id=")
    assert "evil" not in session["cancel_url"]


def test_a_forged_host_changes_nothing(client, stripe, settings):
    sent = {"kind": "once", "amount": "5", "token": str(uuid4())}
    assert client.post(URL, sent, headers={"host": "evil.example"}).status_code == 400

    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://growth.example", ["*"]
    client.post(URL, sent, headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    session = stripe.only("checkout.session")
    assert session["success_url"].startswith("https://growth.example/donate/thanks/")
    assert session["cancel_url"].startswith("https://growth.example/")


def test_no_key_is_sold_where_none_can_be_made(post, signed_in, settings):
    settings.SUPPORT_KEY_PRIVATE = ""

    assert post(signed_in, kind="key").status_code == 400
    assert not Checkout.objects.exists()
