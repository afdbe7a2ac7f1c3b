"""Input that must be refused cleanly: no 5xx, no row."""

import json
from itertools import product

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from growth.models import User
from growth.tests.accounts.conftest import with_second_factor
from telemetry.models import Person

pytestmark = pytest.mark.django_db

VALUES = [
    "",
    "[]",
    "null",
    "0",
    "-5",
    "9" * 5000,
    "NaN",
    "a\x00b",
    "a\x00b@example.org",
    '"a\x01b"@example.org',
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\xff\xfe",
    "a@example.org".encode("utf-16"),
    "\ufeff",
    "x" * 61_440,
    "x" * 61_440 + "@example.org",
    "\u202egro.elpmaxe@a",
    "javascript:alert(1)",
    "{{7*7}}",
    "{% load i18n %}",
    "</script><svg onload=alert(1)>",
    "a@example.org\r\nBcc: eve@example.org",
    "a\nb",
    "' OR 1=1--",
    "ẞ" * 8,
]

BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"a"',
    b"[" * 30_000 + b"]" * 30_000,
    b'{"email": NaN}',
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
    b"&".join(b"a=1" for _ in range(1_001)),
    b"%00=%00&code=%00&email=%ff%fe&login=%ed%a0%80",
    b"email=a&email=b&login=a&login=b",
]
TYPES = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=nonsense",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/json",
    "application/xml",
    "",
]

LOGIN_CODE, EMAIL_CODE = "/accounts/login/code/confirm/", "/accounts/confirm-email/"
FORMS = {
    "sign up": ("/accounts/signup/", "email"),
    "sign in": ("/accounts/login/", "login"),
    "start again": ("/accounts/start-again/", "next"),
    "sign out": ("/accounts/logout/", "next"),
    "sign-in code": (LOGIN_CODE, "code"),
    "sign-up code": (EMAIL_CODE, "code"),
    "new address": ("/accounts/email/", "email"),
    "second step": ("/accounts/2fa/authenticate/", "code"),
    "second step again": ("/accounts/2fa/reauthenticate/", "code"),
    "set-up": ("/accounts/2fa/totp/activate/", "code"),
}


def rows():
    return [model.objects.count() for model in (User, EmailAddress, Person, Authenticator)]


#: Every form knows its own visitors best; all others at every form take minutes, and wait for the slow suite.
OTHERS = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("asked", "signing up", "user", "staff")]


@pytest.fixture(params=["anonymous", *OTHERS])
def visitor(request, account, staff, browser_of):
    """Each kind of visitor, with whatever state leads behind the form."""
    if request.param in ("user", "staff"):
        return browser_of(with_second_factor(staff) if request.param == "staff" else account)
    client = Client()
    if request.param == "asked":
        client.post("/accounts/login/", {"login": account.email})
    if request.param == "signing up":
        client.post("/accounts/signup/", {"email": "new@example.org"})
    return client


@pytest.mark.parametrize("form", FORMS)
def test_bad_values_are_refused_and_leave_no_row(visitor, form, monkeypatch):
    monkeypatch.setattr("allauth.account.app_settings.AppSettings.RATE_LIMITS", {})
    address, field = FORMS[form]
    before = rows()

    for value in VALUES:
        for extra in ({}, {"action": "resend"}, {"action": value}, {"action_add": value, "next": value}):
            answer = visitor.post(address, {field: value, **extra})
            assert answer.status_code < 500, (value, extra)
    assert rows() == before


@pytest.mark.parametrize("form", FORMS)
def test_bad_bodies_are_refused_and_leave_no_row(visitor, form):
    address, _field = FORMS[form]
    before = rows()

    for content_type, body in product(TYPES, BODIES):
        answer = visitor.generic("POST", address, body, content_type=content_type)
        assert answer.status_code < 500, (content_type, body[:50])
    assert rows() == before


@pytest.mark.parametrize("form", FORMS)
def test_bad_addresses_are_refused(visitor, form):
    address, field = FORMS[form]
    for value in VALUES:
        assert visitor.get(address, {field: value, "next": value, "email": value}).status_code < 500
    many = "&".join(f"a{number}=1" for number in range(1_001))
    assert visitor.get(f"{address}?{many}").status_code < 500


@pytest.mark.parametrize(
    "value", ['"aaaaaaaa\\000"', '"\\377\\376aaaaaaaa"', "x" * 4_000, "aaaaaaaa'; --", json.dumps(["a"] * 9)]
)
@pytest.mark.parametrize("cookie", ["sessionid", "csrftoken", "messages"])
def test_forged_cookies_are_no_session(client, cookie, value):
    answer = client.get("/", headers={"cookie": f"{cookie}={value}"})

    assert answer.status_code == 302


def test_what_is_shown_again_is_escaped(client):
    page = client.post("/accounts/login/", {"login": '"><svg onload=alert(1)>'}).content.decode()

    assert "<svg onload" not in page
