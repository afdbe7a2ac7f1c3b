"""From a link that was opened to an account that somebody brought."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from growth.models import User
from referrals.invitation import COOKIE
from referrals.models import Referral, ReferralClick, ReferralCode
from referrals.models.referral import State
from referrals.tests.conftest import the_ledger_is_what_it_says  # noqa: F401 - fixture
from telemetry.log.models import Event
from telemetry.operations.limits import LimitCount
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

SIGN_IN, SIGN_UP, EMAIL_CODE = "/accounts/login/", "/accounts/signup/", "/accounts/confirm-email/"


@pytest.fixture
def code(account) -> ReferralCode:
    """The code of somebody with an account."""
    return ReferralCode.objects.issue_to(Person.objects.of_account(account), at=timezone.now())


def opens(client: Client, code: str, path: str = SIGN_IN, **how: str) -> str:
    """Where the browser is sent that opens the link; "" when it is sent nowhere."""
    answer = client.get(path, {"ref": code}, headers=how)
    return answer.headers.get("Location", "")


def signs_up(client: Client, mailed_code, email: str = "bob@example.org") -> Person:
    """The person of a new account, its address confirmed."""
    client.post(SIGN_UP, {"email": email})
    client.post(EMAIL_CODE, {"code": mailed_code()})
    return Person.objects.get(account__email=email)


def test_the_address_loses_the_code_and_nothing_else(client, code):
    answer = client.get(f"{SIGN_IN}?a=1&ref={code}&next=/settings/privacy/&b=%C3%BC+x&a=2")

    assert answer.status_code == 302
    assert answer.url == f"{SIGN_IN}?a=1&next=/settings/privacy/&b=%C3%BC+x&a=2"
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_invited_friend_is_tied_to_who_invited_them(client, code, mailed_code):
    opens(client, f" {code.code[:4].lower()}-{code.code[4:]} ")

    friend = signs_up(client, mailed_code)

    referral = Referral.objects.get(referred=friend)
    assert (referral.referrer, referral.state) == (code.person, State.PENDING)
    assert referral.network_digest
    assert "invitation" not in client.session


def test_the_introduction_is_provisional_until_the_code_is_typed(client, code):
    opens(client, code.code)

    client.post(SIGN_UP, {"email": "bob@example.org"})

    assert Referral.objects.get().state == State.PROVISIONAL


def test_it_survives_a_wrong_code_and_another_mail_and_pages_without_it(client, code, mailed_code):
    opens(client, code.code)
    client.get(SIGN_IN)
    client.post(SIGN_IN, {"login": "bob@example.org"})
    client.post("/accounts/start-again/")
    client.post(SIGN_UP, {"email": "bob@example.org"})
    client.post(EMAIL_CODE, {"code": "BBBB-BBBB"})
    client.post(EMAIL_CODE, {"action": "resend"})
    client.post(EMAIL_CODE, {"code": mailed_code()})

    assert Referral.objects.get().state == State.PENDING


def test_an_introduction_is_final_by_a_sign_in_code_too(client, code, mailed_code):
    opens(client, code.code)
    client.post(SIGN_UP, {"email": "bob@example.org"})
    other = Client()
    other.post(SIGN_IN, {"login": "bob@example.org"})
    other.post("/accounts/login/code/confirm/", {"code": mailed_code()})

    assert Referral.objects.get().state == State.PENDING


def test_the_account_and_who_brought_it_come_to_be_together_or_not_at_all(client, code, monkeypatch):
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr("growth.accounts.forms.link_the_sign_up", fail)
    client.raise_request_exception = False

    assert client.post(SIGN_UP, {"email": "bob@example.org"}).status_code == 500
    assert not User.objects.filter(email="bob@example.org").exists()


def test_an_account_that_exists_is_brought_by_nobody(client, code, mailed_code):
    User.objects.create_user("bob@example.org")
    opens(client, code.code)
    client.post(SIGN_IN, {"login": "bob@example.org"})
    client.post("/accounts/login/code/confirm/", {"code": mailed_code()})

    assert not Referral.objects.exists()


def test_signing_up_with_a_known_address_ties_nobody(client, account, code):
    opens(client, code.code)
    client.post(SIGN_UP, {"email": account.email})

    assert not Referral.objects.exists()


def test_the_link_that_was_opened_last_counts(client, code, mailed_code):
    other = ReferralCode.objects.issue_to(Person.objects.create(), at=timezone.now())
    opens(client, other.code)
    opens(client, code.code)
    opens(client, "BBBBBBBB")

    assert Referral.objects.filter(referred=signs_up(client, mailed_code), code=code).exists()


@pytest.mark.parametrize(("days", "brought"), [(29, True), (31, False)])
def test_a_link_counts_for_thirty_days(client, code, mailed_code, days, brought):
    opens(client, code.code)
    session = client.session
    session["invitation"]["ts"] -= timedelta(days=days) // timedelta(microseconds=1)
    session.save()

    signs_up(client, mailed_code)

    assert Referral.objects.exists() == brought


@pytest.mark.parametrize("how", ["disabled", "of nobody", "unknown", "nonsense"])
def test_a_code_that_is_worth_nothing_is_no_obstacle(client, code, mailed_code, how):
    typed = {"unknown": "BBBBBBBB", "nonsense": "\u202e<script>\0"}.get(how, code.code)
    if how == "disabled":
        code.disable(timezone.now())
    if how == "of nobody":
        ReferralCode.objects.update(person=None)

    assert opens(client, typed) == SIGN_IN
    assert "invitation" not in client.session
    signs_up(client, mailed_code)
    assert not Referral.objects.exists()


def test_whoever_is_signed_in_carries_no_code(browser_of, staff, code):
    browser = browser_of(staff)

    assert opens(browser, code.code, "/") == "/"
    assert "invitation" not in browser.session
    assert not ReferralClick.objects.exists()


def test_openings_are_counted_by_code_and_day_without_a_name(client, code):
    with time_machine.travel(timezone.now(), tick=False):  # no midnight between them
        opens(client, code.code)
        opens(Client(), code.code)
        today = timezone.localdate()

    count = ReferralClick.objects.get()
    assert (count.code, count.day, count.count) == (code, today, 2)
    assert not Event.objects.filter(type__name="referral.link_opened").exists()


def test_an_opening_by_a_visitor_who_may_be_recognised_is_an_event(client, code):
    agrees(client)
    opens(client, code.code)

    assert Event.objects.get(type__name="referral.link_opened").person == Person.objects.get(account=None)


def agrees(client: Client) -> None:
    """A visitor says yes."""
    client.post("/settings/privacy/answer/", {"answer": "yes", "source": "first_visit"})


def test_without_a_yes_the_code_is_in_the_session_alone(client, code):
    opens(client, code.code)
    client.get(SIGN_IN)

    assert COOKIE not in client.cookies


@pytest.mark.parametrize("first", ["yes", "link"])
def test_with_a_yes_a_signed_cookie_outlives_the_session(client, code, mailed_code, first):
    steps = [lambda: agrees(client), lambda: opens(client, code.code)]
    for step in steps if first == "yes" else reversed(steps):
        step()
    client.get(SIGN_IN)
    cookie = client.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 30 * 86400)

    later = Client()
    later.cookies = client.cookies
    del later.cookies["sessionid"]
    friend = signs_up(later, mailed_code)

    assert Referral.objects.filter(referred=friend, code=code).exists()
    later.get("/")
    assert later.cookies[COOKIE].value == ""


def test_in_production_the_cookie_is_secure(client, code, settings):
    settings.SESSION_COOKIE_SECURE = True
    agrees(client)
    opens(client, code.code)

    assert client.cookies[COOKIE]["secure"]


def test_a_no_takes_the_cookie_away(client, code):
    agrees(client)
    opens(client, code.code)
    client.post("/settings/privacy/answer/", {"answer": "no", "source": "settings"})
    client.get(SIGN_IN)

    assert client.cookies[COOKIE].value == ""


def test_a_forged_cookie_is_worth_nothing(client, code, mailed_code):
    client.cookies[COOKIE] = f'{{"code": "{code}", "ts": 1}}'

    signs_up(client, mailed_code)

    assert not Referral.objects.exists()


@pytest.mark.parametrize(
    "how",
    [
        {"Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Accept": "application/json"},
    ],
    ids=str,
)
def test_only_a_page_that_somebody_opens_counts(client, code, how):
    assert opens(client, code.code, **how) == ""
    assert not ReferralClick.objects.exists()


@pytest.mark.parametrize("path", ["/api/v1/events/", "/admin/", "/healthz", "//admin/login/"])
def test_pages_for_staff_and_programs_know_no_codes(client, code, path):
    client.get("/", PATH_INFO=path, QUERY_STRING=f"ref={code}")

    assert not ReferralClick.objects.exists()


def test_a_form_that_is_sent_is_no_link(client, code):
    client.post(f"{SIGN_IN}?ref={code}", {"login": "bob@example.org"})

    assert not ReferralClick.objects.exists()


def test_one_address_looks_up_twenty_codes_a_minute(client, code):
    for _turn in range(20):
        opens(client, "BBBBBBBB")

    assert opens(client, code.code) == SIGN_IN
    assert not ReferralClick.objects.exists()
    LimitCount.objects.all().delete()
    opens(client, code.code)
    assert ReferralClick.objects.exists()


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("//evil.example/x", "/evil.example/x"),
        ("///evil.example", "/evil.example"),
        ("/\\evil.example", "/evil.example"),
        ("/\\/evil.example", "/evil.example"),
        ("/ok\r\nX: y", "/ok%0D%0AX:%20y"),
    ],
)
def test_a_link_leads_nowhere_else(client, path, own):
    answer = client.get("/", PATH_INFO=path, QUERY_STRING="ref=BBBBBBBB&next=//evil.example")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{own}?next=//evil.example"


def test_a_forged_host_is_refused(client, code):
    assert client.get(f"{SIGN_IN}?ref={code}", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("page", [SIGN_IN, SIGN_UP])
def test_an_invited_friend_is_told_so(client, code, page):
    answer = client.get(page, {"ref": code.code}, follow=True)

    assert b"A friend invited you." in answer.content
    assert b"45 days of paid access" in answer.content
    assert code.person.account.email.encode() not in answer.content


def test_who_invites_is_named_as_they_chose_and_escaped(client, code):
    code.name_as("<script>alert(1)</script>")

    page = client.get(SIGN_IN, {"ref": code.code}, follow=True).content.decode()

    assert "<strong>&lt;script&gt;alert(1)&lt;/script&gt;</strong> invited you." in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("how", ["disabled later", "unknown", "of nobody"])
def test_nothing_is_said_of_a_code_that_is_worth_nothing(client, code, how):
    client.get(SIGN_IN, {"ref": "BBBBBBBB" if how == "unknown" else code.code})
    if how == "disabled later":
        code.disable(timezone.now())
    if how == "of nobody":
        ReferralCode.objects.update(person=None)

    assert b"invited you" not in client.get(SIGN_IN).content


def test_ones_own_code_invites_nobody(browser_of, code):
    browser = browser_of(code.person.account)

    page = browser.get("/", {"ref": code.code}, follow=True)

    assert b"invited you" not in page.content
    assert "invitation" not in browser.session


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("ref=" + "A" * 60_000, 302),
        ("ref=%00&ref=%FF%FE", 302),
        ("ref", 302),
        ("ref=&ref=", 302),
        ("&".join(["a=1"] * 1_001) + "&ref=A", 400),
        ("r%65f=BBBBBBBB&b=2", 302),
    ],
)
def test_nonsense_is_refused_cleanly_and_leaves_nothing(client, query, status):
    answer = client.get(SIGN_IN, QUERY_STRING=query)

    assert answer.status_code == status
    assert not ReferralClick.objects.exists()
    assert "ref" not in answer.headers.get("Location", "")
