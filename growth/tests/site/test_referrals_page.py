"""The page of somebody's referrals, and what settings and prices say of it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from growth.models import User
from referrals import codes
from referrals.friends import TOLD, masked
from referrals.links import qr_code
from referrals.models import CreditGrant, Referral, ReferralCode
from referrals.models.referral import State
from referrals.tests.conftest import the_ledger_is_what_it_says  # noqa: F401 - fixture
from telemetry.operations.models import Alert
from telemetry.people.erasure import erase
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

PAGE = "/referrals/"


def somebody(name: str) -> tuple[User, Person, Client]:
    """An account, its person and a browser signed in to it."""
    account = User.objects.create_user(f"{name}@growth.example")
    browser = Client()
    browser.force_login(account)
    return account, Person.objects.of_account(account), browser


@pytest.fixture
def ada() -> tuple[User, Person, Client]:
    """Who invites."""
    return somebody("ada")


@pytest.fixture
def bob() -> tuple[User, Person, Client]:
    """Who came."""
    return somebody("bob")


def brings(ada: Person, bob: Person, **state: object) -> Referral:
    """Bob came by Ada's code."""
    now = timezone.now()
    code = ReferralCode.objects.issue_to(ada, at=now)
    referral = Referral.objects.link(bob, code, captured_at=now, at=now)
    assert referral is not None
    Referral.objects.filter(pk=referral.pk).update(**{"state": "pending", "confirmed_at": now, **state})
    return referral


def gives(person: Person, days: int = 45, kind: str = "referral_referrer", **how: Any) -> CreditGrant:
    """Days for somebody."""
    stated: dict[str, Any] = {"at": timezone.now(), "idem_key": f"{kind}:{CreditGrant.objects.count()}"}
    return CreditGrant.objects.grant(person, days, kind, **stated | how)


def test_nobody_sees_it_signed_out(client):
    assert client.get(PAGE).url == f"/accounts/login/?next={PAGE}"


def test_the_first_look_makes_the_code_and_every_other_shows_it(ada):
    _account, person, browser = ada
    assert not ReferralCode.objects.exists()

    pages = [browser.get(PAGE).content.decode() for _look in range(2)]

    code = ReferralCode.objects.get(person=person)
    for page in pages:
        assert f"http://testserver/accounts/signup/?ref={code}" in page
        assert str(qr_code(f"http://testserver/accounts/signup/?ref={code}")) in page


def test_without_a_free_code_the_page_has_no_link_and_staff_are_told(ada, bob, monkeypatch):
    monkeypatch.setattr(codes, "draw", lambda: "ABCDEFGH")
    ReferralCode.objects.issue_to(bob[1], at=timezone.now())

    page = ada[2].get(PAGE)

    assert page.status_code == 200
    assert b"We could not make your link" in page.content
    assert Alert.objects.open().exists()


def test_a_disabled_code_is_not_shown(ada):
    ReferralCode.objects.issue_to(ada[1], at=timezone.now()).disable(timezone.now())

    page = ada[2].get(PAGE).content

    assert b"switched off" in page
    assert b"?ref=" not in page
    assert ada[2].post(f"{PAGE}link/").json() == {"url": "http://testserver/"}


def test_friends_have_masked_addresses_and_only_ones_own_are_there(ada, bob):
    brings(ada[1], bob[1])
    carl = somebody("carl")

    page = ada[2].get(PAGE).content.decode()

    assert "b•••@g•••.example" in page
    assert "bob@" not in page
    assert "•••" not in carl[2].get(PAGE).content.decode()


@pytest.mark.parametrize("state", ["provisional", "rejected"])
def test_an_address_that_nobody_confirmed_is_not_even_masked(ada, bob, state):
    brings(ada[1], bob[1], state=state, confirmed_at=None)

    page = ada[2].get(PAGE).content.decode()

    assert "Somebody new" in page
    assert "•••" not in page


@pytest.mark.parametrize("path", ["{}", "0", "99999999999999999999"])
def test_the_friends_of_others_are_not_there(ada, bob, path):
    referral = brings(ada[1], bob[1])
    assert ada[2].get(f"{PAGE}friends/{referral.pk}/").status_code == 200

    for browser in (bob[2], somebody("eve")[2]):
        assert browser.get(f"{PAGE}friends/{path.format(referral.pk)}/").status_code == 404


def test_every_state_has_words_of_its_own():
    assert set(TOLD) == set(State)
    assert len({str(words) for words in TOLD.values()}) == 7


@pytest.mark.parametrize("state", State.values)
def test_a_state_is_told_and_its_reason_is_not(ada, bob, state):
    referral = brings(ada[1], bob[1], state=state, reason="The same card as yours")

    for path in (PAGE, f"{PAGE}friends/{referral.pk}/"):
        page = unescape(ada[2].get(path).content.decode())
        assert str(TOLD[State(state)]) in page
        assert "same card" not in page


def test_days_that_are_to_come_are_told_with_their_day(ada, bob):
    due = datetime(2030, 5, 17, 12, tzinfo=UTC)
    referral = brings(ada[1], bob[1], state="converted", credit_due_at=due, credited_at=None)

    assert "your days come on 17 May 2030" in ada[2].get(PAGE).content.decode()

    Referral.objects.filter(pk=referral.pk).update(credited_at=due)
    assert "your days come on" not in ada[2].get(PAGE).content.decode()


def test_the_page_of_a_friend_of_somebody_who_left_stays_whole(ada, bob):
    referral = brings(ada[1], bob[1])
    gives(bob[1], kind="referral_referred", referral=referral)
    erase(ada[1], at=timezone.now())

    assert b"+45" in bob[2].get(PAGE).content
    assert bob[2].get("/settings/").status_code == 200


def test_somebody_who_left_is_no_longer_named(ada, bob):
    brings(ada[1], bob[1])
    erase(bob[1], at=timezone.now())

    assert not Referral.objects.filter(referred__isnull=False).exists()
    assert "Somebody who left" in ada[2].get(PAGE).content.decode()


def test_a_name_is_chosen_and_tidied(ada):
    ada[2].get(PAGE)
    ada[2].post(f"{PAGE}name/", {"name": "  Ada   L. "})

    assert ReferralCode.objects.get().shown_name == "Ada L."


@pytest.mark.parametrize("name", ["<b>", "a@b", "x/y", "evil.example", "\u202eadA", "A" * 41, "a\0"])
def test_a_name_is_no_address_and_no_markup(ada, name):
    ada[2].get(PAGE)
    page = ada[2].post(f"{PAGE}name/", {"name": name})

    assert page.status_code == 200
    assert b"errorlist" in page.content
    assert ReferralCode.objects.get().shown_name == ""


def test_share_fetches_a_code_if_there_is_none(ada, settings):
    settings.SUPPORT_SHARE_URL = "https://product.example/?a=1"

    url = ada[2].post(f"{PAGE}link/").json()["url"]

    assert url == f"https://product.example/?a=1&ref={ReferralCode.objects.get()}"


def test_the_support_dialog_shares_her_link(ada):
    page = ada[2].get("/help/").content.decode()
    dialog = page[page.index("<dialog") : page.index("</dialog>")]
    share = re.search(r'data-support-share="support_modal"[^>]* data-share-fetch="([^"]+)"', dialog)

    assert share is not None
    shared = ada[2].post(share[1]).json()["url"]
    assert shared == f"http://testserver/?ref={ReferralCode.objects.get(person=ada[1])}"


def test_no_form_is_taken_from_another_site(ada):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada[0])

    assert browser.post(f"{PAGE}link/").status_code == 403
    assert browser.get(f"{PAGE}link/").status_code == 405


def test_days_and_running_rewards_stand_in_the_settings(ada):
    gives(ada[1])
    gives(ada[1])
    ada[2].get(PAGE)

    page = ada[2].get("/settings/").content.decode()

    assert "+90 days on your account" in page
    assert "2 rewards still running" in page
    assert ReferralCode.objects.get().code in page


def test_days_given_by_staff_count_without_a_reward(ada, bob):
    gives(ada[1], days=10, kind="admin", actor=bob[0], note="They were kind.")

    page = ada[2].get("/settings/").content.decode()

    assert "+10 days on your account" in page
    assert "still running" not in page


def test_without_credit_nothing_is_said_of_days(ada):
    assert b"on your account" not in ada[2].get("/settings/").content


def test_a_reward_that_ran_out_runs_no_more(ada):
    gives(ada[1], at=timezone.now() - timedelta(days=46))
    gives(ada[1], at=timezone.now())

    assert "1 reward still running" in ada[2].get("/settings/").content.decode()


def test_a_reward_that_was_taken_back_does_not_run(ada, bob):
    gives(ada[1], days=10, kind="admin", actor=bob[0], note="They were kind.")
    grant = gives(ada[1])
    CreditGrant.objects.take_back(grant, at=timezone.now(), cause="refund:re_1")

    page = ada[2].get(PAGE).content.decode()

    assert re.search(r"rewards still running</dt><dd>0<", page)
    assert "-45" in page


def test_days_that_wait_are_told_apart(ada, settings):
    settings.REFERRAL_CREDIT_START = "after_paid"
    gives(ada[1], is_covered=True)

    page = ada[2].get(PAGE).content.decode()

    assert "45 of them are kept until your membership ends." in page
    assert "+45 days on your account" in ada[2].get("/settings/").content.decode()


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Kiritimati", "2 March 2026"), ("America/New_York", "1 March 2026")]
)
def test_dates_are_those_of_where_somebody_lives(ada, zone, day):
    Person.objects.filter(pk=ada[1].pk).update(time_zone=zone)
    gives(ada[1], at=datetime(2026, 3, 1, 12, tzinfo=UTC))

    assert f">{day}</time>" in ada[2].get(PAGE).content.decode()


@pytest.mark.parametrize(("zone", "hours"), [("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)])
def test_settings_tell_the_same_day_as_the_page(ada, zone, hours):
    Person.objects.filter(pk=ada[1].pk).update(time_zone=zone)
    noon = timezone.now().replace(hour=11, minute=0, second=0, microsecond=0)
    gives(ada[1], at=noon - timedelta(days=1) + timedelta(hours=1))
    until = noon + timedelta(days=44, hours=1) + timedelta(hours=hours)

    said = ada[2].get(PAGE).content.decode()

    assert f"credit until {until:%-d %B %Y}" in said
    assert f"until {until:%-d %B %Y}" in ada[2].get("/settings/").content.decode()


def test_a_friend_s_page_tells_the_days_that_were_really_taken(ada, bob):
    referral, now = brings(ada[1], bob[1]), timezone.now()
    grant = gives(ada[1], referral=referral, at=now - timedelta(days=20))
    CreditGrant.objects.take_back(grant, at=now, cause="refund:re_1")

    for path in (PAGE, f"{PAGE}friends/{referral.pk}/"):
        page = ada[2].get(path).content.decode()
        assert "<strong>+45</strong>" in page
        assert "<strong>-25</strong>" in page


def test_a_zone_that_nobody_knows_harms_nothing(ada):
    Person.objects.filter(pk=ada[1].pk).update(time_zone="Mars/Olympus")

    assert ada[2].get(PAGE).status_code == 200


@pytest.mark.parametrize("days", [45, 30])
def test_prices_and_settings_say_how_many_days(ada, settings, days):
    settings.REFERRAL_CREDIT_DAYS = days

    for path in ("/pricing/", "/settings/", PAGE):
        page = ada[2].get(path).content.decode()
        assert f"{days} days of paid access" in page
        assert "alongside a running membership" in page


def test_no_page_or_mail_speaks_of_a_discount(settings):
    pages = [path for path in (settings.BASE_DIR / "templates").rglob("*.*") if path.is_file()]
    assert pages
    for source in (*pages, settings.BASE_DIR / "donations" / "letters.py"):
        said = source.read_text()
        assert not re.search(r"\b50\s*%", said), source
        assert "D.3" not in said, source


def test_the_page_takes_few_queries(ada, bob, django_assert_max_num_queries):
    for name in ("carl", "dora", "emil"):
        gives(ada[1], referral=brings(ada[1], somebody(name)[1]))
    ada[2].get(PAGE)

    with django_assert_max_num_queries(12):
        ada[2].get(PAGE)


@pytest.mark.parametrize(
    ("address", "shown"),
    [("bob@example.org", "b•••@e•••.org"), ("x@mail.co.uk", "x•••@m•••.uk"), ("ü@a.b", "ü•••@a•••.b")],
)
def test_a_masked_address_keeps_its_first_letters(address, shown):
    assert masked(address) == shown
