"""The page where people come back says what is true, and to whom it is theirs."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from donations.inbox import accept
from donations.models import Checkout, Payment, StripeEvent, SupporterKey
from donations.money import Money
from donations.views import thanks
from donations.views.guests import COOKIE
from telemetry.operations.limits import Limit

URL = "/donate/thanks/"


@pytest.fixture
def checkout(begin, person):
    return begin(person, at=timezone.now())


@pytest.fixture
def look(client, account):
    """`look(checkout)`: what its owner reads."""
    client.force_login(account)

    def look(checkout, **query):
        return client.get(URL, {"session_id": checkout.session_id} | query)

    return look


def test_until_it_is_paid_the_page_says_that_we_are_confirming(look, checkout):
    answer = look(checkout)

    assert b"We are confirming" in answer.content
    assert answer["Refresh"] == "3"
    assert not Payment.objects.exists()


def test_what_is_paid_is_thanked_for_once_and_recorded_once(look, checkout, stripe):
    stripe.pays(checkout.session_id)

    for answer in [look(checkout) for _ in range(3)]:
        assert b"Thank you" in answer.content
        assert "Refresh" not in answer
    assert [payment.money for payment in Payment.objects.all()] == [Money(500, "eur")]


def test_nothing_in_the_address_makes_it_paid(look, checkout):
    answer = look(checkout, paid="1", status="complete", payment_status="paid", amount="500000")

    assert b"We are confirming" in answer.content
    assert not Payment.objects.exists()


def test_money_that_takes_days_is_waited_for_without_looking_again(look, checkout, stripe):
    stripe.pays_later(checkout.session_id)

    answer = look(checkout)

    assert b"takes its time" in answer.content
    assert "Refresh" not in answer


def test_what_failed_is_said(look, checkout, stripe):
    now = timezone.now()
    stripe.pays_later(checkout.session_id)
    (told,) = stripe.money_does_not_arrive(checkout.session_id)
    accept(told.body, told.signature, now=now)
    StripeEvent.objects.due(now).drain()

    assert b"was not paid" in look(checkout).content


def test_while_stripe_is_away_we_are_confirming(look, checkout, stripe):
    stripe.pays(checkout.session_id)
    stripe.is_down = True

    assert b"We are confirming" in look(checkout).content


def test_the_page_looks_again_more_seldom_and_then_not_any_more(look, checkout):
    for age, pause in ((timedelta(minutes=5), "15"), (timedelta(hours=1), None)):
        Checkout.objects.update(created_at=timezone.now() - age)
        assert look(checkout).get("Refresh") == pause


def test_looking_too_often_is_refused_for_a_while(look, checkout, monkeypatch):
    monkeypatch.setattr(thanks, "LOOKS_OF_ONE", Limit("thanks-test", 1, timedelta(hours=1)))

    assert [look(checkout).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    "session_id", ["", "cs_test_unknown", "' OR 1=1--", "a\x00b", "{CHECKOUT_SESSION_ID}"]
)
def test_an_unknown_session_is_nothing(client, db, session_id):
    assert client.get(URL, {"session_id": session_id}).status_code == 404


def test_a_session_of_somebody_else_is_nothing(checkout, stripe, client, django_user_model):
    stripe.pays(checkout.session_id)
    assert client.get(URL, {"session_id": checkout.session_id}).status_code == 404

    client.force_login(django_user_model.objects.create_user(email="other@growth.example"))
    assert client.get(URL, {"session_id": checkout.session_id}).status_code == 404
    assert not Payment.objects.exists()


def test_a_guest_is_known_again_in_the_same_browser_alone(client, stripe):
    sent = {"kind": "once", "amount": "5", "token": "5b8a3f6e-3b7c-4c7e-9d53-0d6f5f3c2a11"}
    client.post("/donate/checkout/", sent)
    checkout = Checkout.objects.get()
    stripe.pays(checkout.session_id)

    assert Client().get(f"{URL}?session_id={checkout.session_id}").status_code == 404
    assert b"Thank you" in client.get(URL, {"session_id": checkout.session_id}).content
    cookie = client.cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (URL, True, "Lax")


def test_a_forged_cookie_opens_nothing(client, begin):
    checkout = begin(None)
    client.cookies[COOKIE] = str(checkout.public_id)

    assert client.get(f"{URL}?session_id={checkout.session_id}").status_code == 404


def test_it_is_never_cached_and_its_address_goes_nowhere(look, checkout):
    answer = look(checkout)

    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("is_guest", [False, True])
def test_a_key_that_was_bought_stands_there(client, look, begin, person, stripe, is_guest):
    checkout = begin(None if is_guest else person, kind="key", system_id="elsewhere", at=timezone.now())
    if is_guest:
        client.logout()
        client.cookies[COOKIE] = signing.dumps(str(checkout.public_id), salt=COOKIE)
    stripe.pays(checkout.session_id)

    page = look(checkout).content.decode()
    assert SupporterKey.objects.get().signature in page
    assert "<code>elsewhere</code>" in page
    assert look(checkout).content.decode().count(SupporterKey.objects.get().signature) == 1


def test_a_key_that_could_not_be_made_is_promised(look, begin, person, stripe, settings):
    checkout = begin(person, kind="key", at=timezone.now())
    settings.SUPPORT_KEY_PRIVATE = ""
    stripe.pays(checkout.session_id)

    assert "still to be made" in look(checkout).content.decode()
