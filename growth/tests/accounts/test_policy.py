"""The content security policy, and the pages for what went wrong."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from donations.models import Checkout
from growth import views
from growth.middleware import unavailable
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

OWN_PAGES = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/nowhere/",
    "/about/",
    "/help/",
    "/pricing/",
    "/donate/",
]
SIGNED_IN_PAGES = [
    "/",
    "/reports/",
    "/settings/",
    "/accounts/email/",
    "/accounts/logout/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/referrals/",
    "/settings/license/",
    "/settings/privacy/",
    "/donate/",
    "/donate/thanks/?session_id=cs_1",
]


def directives(answer):
    policy = answer["Content-Security-Policy"]
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";"))


@pytest.fixture
def paid(account):
    """What she gave, and is thanked for."""
    return Checkout.objects.create(
        person=Person.objects.of_account(account), kind="once", amount=500, currency="eur", state="paid",
        session_id="cs_1", idempotency_key="checkout:1", created_at=timezone.now(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "is_signed_in"),
    [*((each, False) for each in OWN_PAGES), *((each, True) for each in SIGNED_IN_PAGES)],
)
def test_pages_for_everybody_allow_nothing_inline_and_no_frame(
    browser_of, account, paid, address, is_signed_in
):
    answer = (browser_of(account) if is_signed_in else Client()).get(address)
    policy = directives(answer)

    assert answer.status_code == (404 if address == "/nowhere/" else 200)
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["default-src"] == policy["form-action"] == "'self'"
    page = answer.content.decode()
    assert "style=" not in page
    assert all("src=" in script for script in re.findall("<script[^>]*>", page))
    assert " onclick=" not in page


def test_the_admin_has_a_policy_of_its_own(browser_of, staff):
    policy = directives(browser_of(staff).get("/admin/"))

    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["script-src"].startswith("'self' 'unsafe-eval'")
    assert "'unsafe-inline'" not in policy["script-src"]
    assert policy["frame-ancestors"] == "'none'"


def test_a_forged_host_is_a_calm_400_with_the_policy(client):
    answer = client.get("/accounts/login/", headers={"host": "evil.org"})

    assert answer.status_code == 400
    assert b"That did not make sense to us" in answer.content
    assert b"evil.org" not in answer.content
    assert directives(answer)["frame-ancestors"] == "'none'"


def test_a_forged_host_gets_into_no_mail(account, mailoutbox):
    Client().post("/accounts/signup/", {"email": account.email}, headers={"host": "evil.org"})
    Client().post("/accounts/signup/", {"email": account.email}, headers={"x-forwarded-host": "evil.org"})

    assert len(mailoutbox) == 1
    assert "evil.org" not in str(mailoutbox[0].body)


def test_a_form_without_its_token_is_explained(account):
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": account.email})

    assert answer.status_code == 403
    assert b"Please send that again" in answer.content


def test_what_breaks_on_our_side_shows_no_trace(rf):
    answer = views.server_error(rf.get("/"))

    assert answer.status_code == 500
    assert b"in our log" in answer.content
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize(
    ("view", "status", "code"),
    [
        (views.not_found, 404, "not_found"),
        (views.bad_request, 400, "bad_request"),
        (views.permission_denied, 403, "permission_denied"),
    ],
)
def test_the_api_gets_its_own_shape(rf, view, status, code):
    answer = view(rf.get("/api/v1/nothing/"), Exception("secret"))

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
    assert f'"code": "{code}"' in answer.content.decode()
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize("address", ["/favicon.ico", "/static/favicon.ico", "/static/growth/mark.svg"])
def test_the_favicon_is_served(client, address):
    answer = client.get(address, follow=True)

    assert answer.status_code == 200
    assert len(answer.getvalue()) > 200
    answer.close()


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/", "text/html,*/*", "text/html; charset=utf-8"),
        ("/", "*/*", "application/json"),
        ("/api/v1/events/", "text/html", "application/json"),
    ],
)
def test_without_its_database_the_site_asks_for_a_moment(rf, path, accept, kind, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = unavailable(rf.get(path, headers={"accept": accept}))

    assert (answer.status_code, answer["Retry-After"], answer["Content-Type"]) == (503, "2", kind)
