"""Signing up and in by e-mailed code."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.core import mail
from django.core.cache import cache
from django.test import Client

from growth.models import User
from growth.tests.accounts.conftest import confirmed
from telemetry.models import Person

pytestmark = pytest.mark.django_db

SIGN_IN, SIGN_UP = "/accounts/login/", "/accounts/signup/"
LOGIN_CODE, EMAIL_CODE = "/accounts/login/code/confirm/", "/accounts/confirm-email/"


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_right_code_signs_in(client, account, asks_to_sign_in, mailed_code):
    assert asks_to_sign_in("ADA@example.org").url == LOGIN_CODE
    answer = client.post(LOGIN_CODE, {"code": mailed_code()})

    assert answer.url == "/"
    assert signed_in(client)


def test_a_code_may_be_typed_without_dash_and_in_small_letters(client, account, asks_to_sign_in, mailed_code):
    asks_to_sign_in(account.email)
    client.post(LOGIN_CODE, {"code": mailed_code().replace("-", " ").lower()})

    assert signed_in(client)


def test_a_wrong_code_does_not(client, account, asks_to_sign_in):
    asks_to_sign_in(account.email)
    answer = client.post(LOGIN_CODE, {"code": "BBBB-BBBB"})

    assert b"Incorrect code" in answer.content
    assert not signed_in(client)


def test_a_new_code_ends_the_old_one(client, account, asks_to_sign_in, mailed_code):
    asks_to_sign_in(account.email)
    first = mailed_code()
    client.post(LOGIN_CODE, {"action": "resend"})
    assert len(mail.outbox) == 2

    assert b"Incorrect code" in client.post(LOGIN_CODE, {"code": first}).content
    client.post(LOGIN_CODE, {"code": mailed_code()})
    assert signed_in(client)


def test_an_account_made_by_hand_needs_one_code_and_not_two(client, asks_to_sign_in, mailed_code):
    made = User.objects.create_user("hand@example.org")
    asks_to_sign_in(made.email)
    client.post(LOGIN_CODE, {"code": mailed_code()})

    assert signed_in(client)
    assert EmailAddress.objects.get(user=made).verified


def test_a_sign_up_is_complete_with_its_code(client, mailed_code):
    assert client.post(SIGN_UP, {"email": "New@Example.org"}).url == EMAIL_CODE
    client.post(EMAIL_CODE, {"code": mailed_code()})

    assert signed_in(client)
    assert EmailAddress.objects.get(email="new@example.org").verified
    person = Person.objects.get()
    assert person.account == User.objects.get()
    assert person.signed_up_at == User.objects.get().date_joined


def test_an_address_signs_up_once_and_its_owner_is_told(client, account):
    assert client.post(SIGN_UP, {"email": "ADA@example.org"}).url == EMAIL_CODE

    assert User.objects.count() == 1
    assert mail.outbox[0].to == [account.email]
    assert "http://testserver/accounts/login/" in str(mail.outbox[0].body)


def seen(page: bytes, email: str) -> str:
    """A page as far as it may not differ."""
    plain = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.decode())
    return plain.replace(email, "…")


@pytest.mark.parametrize(("form", "field"), [(SIGN_IN, "login"), (SIGN_UP, "email")])
def test_known_and_unknown_addresses_get_equal_answers_and_one_mail_each(account, form, field):
    pages = []
    for email in (account.email, "eve@example.org"):
        client, mail.outbox[:] = Client(), []
        answers = [client.post(form, {field: email}, follow=True)]
        answers += [client.post(answers[0].redirect_chain[-1][0], {"code": "BBBB-BBBB"}, follow=True)]
        answers += [client.post(answers[0].redirect_chain[-1][0], {"action": "resend"}, follow=True)]
        pages.append([(page.redirect_chain, seen(page.content, email)) for page in answers])
        assert mail.outbox[0].to == [email]

    assert pages[0] == pages[1]


@pytest.mark.slow
@pytest.mark.parametrize(("form", "field"), [(SIGN_IN, "login"), (SIGN_UP, "email")])
def test_known_and_unknown_addresses_take_equal_time(monkeypatch, account, form, field):
    step = 0.5  # no answer takes longer by itself, even on a busy machine
    monkeypatch.setattr("growth.accounts.pace.STEP", step)

    def seconds(email: str) -> float:
        cache.clear()
        begun = time.perf_counter()
        Client().post(form, {field: email})
        return time.perf_counter() - begun

    known = min(seconds(account.email) for _ in range(3))
    unknown = min(seconds(f"nobody-{turn}@example.org") for turn in range(3))
    assert known == pytest.approx(step, abs=0.1)
    assert unknown == pytest.approx(known, abs=0.1)


def test_a_password_signs_nobody_in(client):
    User.objects.create_user("old@example.org", "a long password")

    assert authenticate(username="old@example.org", password="a long password") is None
    assert authenticate(email="old@example.org", password="a long password") is None


@pytest.mark.parametrize("path", ["change/", "set/", "reset/", "reset/done/", "reset/key/1-a/"])
def test_passwords_have_no_pages(browser_of, account, path):
    assert browser_of(account).get(f"/accounts/password/{path}").status_code == 404


@pytest.mark.parametrize("template", ["login", "signup", "new-address", "unknown", "exists"])
def test_mails_are_short_and_their_subjects_hold_no_secret(
    client, account, browser_of, template, mailed_code
):
    {
        "login": lambda: client.post(SIGN_IN, {"login": account.email}),
        "unknown": lambda: client.post(SIGN_IN, {"login": "nobody@example.org"}),
        "signup": lambda: client.post(SIGN_UP, {"email": "new@example.org"}),
        "exists": lambda: client.post(SIGN_UP, {"email": account.email}),
        "new-address": lambda: browser_of(account).post(
            "/accounts/email/", {"email": "b@example.org", "action_add": ""}
        ),
    }[template]()
    message = mail.outbox[0]

    assert len(str(message.body).splitlines()) < 14
    assert "password" not in str(message.body)
    assert 0 < len(str(message.subject)) < 60
    if template in {"login", "signup", "new-address"}:
        assert mailed_code() not in str(message.subject)


def test_the_settings_show_how_one_signs_in(browser_of, account):
    page = browser_of(account).get("/settings/").content.decode()

    assert account.email in page
    assert "Set it up" in page
    assert "Open the admin" not in page


def test_a_signed_out_visitor_is_sent_to_sign_in(client):
    assert client.get("/").url == "/accounts/login/?next=/"


def test_starting_again_forgets_the_first_address(client, account, asks_to_sign_in):
    asks_to_sign_in(confirmed("wrong@example.org").email)
    assert client.get(SIGN_IN).url == LOGIN_CODE

    assert client.post("/accounts/start-again/").url == SIGN_IN
    assert client.get(SIGN_IN).status_code == 200
    assert client.get("/accounts/start-again/").status_code == 405
