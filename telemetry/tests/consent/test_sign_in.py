"""Signing in takes along what the browser knew, once; the stricter answer wins."""

from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from telemetry.consent.answers import consent_of, grant, withdraw
from telemetry.consent.models import ConsentRecord, Source
from telemetry.consent.visitors import CHOICE_COOKIE, VISITOR_COOKIE, say_no, say_yes, sign_in
from telemetry.log.models import Event
from telemetry.log.track import track
from telemetry.people.claim import claim
from telemetry.people.models import Person
from telemetry.signals import consent_withdrawn
from telemetry.tests.consent.conftest import MINUTE, NOON, last_word

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
SAY = {"yes": grant, "no": withdraw}


@pytest.fixture
def account(db):
    return get_user_model().objects.create_user("ada@growth.example", date_joined=NOON)


@pytest.fixture
def told(db):
    """Whose withdrawal was told."""
    people = []

    def withdrawn(person, **_kwargs):
        people.append(person.pk)

    consent_withdrawn.connect(withdrawn)
    yield people
    consent_withdrawn.disconnect(withdrawn)


ANSWERS = (None, "yes", "no")


@pytest.mark.parametrize("visitor_first", [True, False])
@pytest.mark.parametrize(("visitor_said", "account_said"), [*product(ANSWERS, ANSWERS)])
def test_of_two_people_who_are_one_the_stricter_answer_wins(
    visitor_said, account_said, visitor_first, account
):
    visitor, target = Person.objects.create(), Person.objects.of_account(account)
    visitor.aliases.create(kind="visitor", value="v")
    early, late = (NOON, NOON + MINUTE) if visitor_first else (NOON + MINUTE, NOON)
    if visitor_said:
        SAY[visitor_said](visitor, source=Source.FIRST_VISIT, at=early)
    if account_said:
        SAY[account_said](target, source=Source.SETTINGS, at=late)

    claim(visitor, account, at=LATER)

    said = {visitor_said, account_said} - {None}
    assert (consent_of(target, at=LATER) is not None) == (said == {"yes"})
    assert ConsentRecord.objects.filter(person=visitor).count() == 0


def test_a_no_stays_the_last_word_though_the_yes_came_after_it(account):
    visitor, target = Person.objects.create(), Person.objects.of_account(account)
    visitor.aliases.create(kind="visitor", value="v")
    withdraw(target, source=Source.SETTINGS, at=NOON)
    grant(visitor, source=Source.FIRST_VISIT, at=NOON + MINUTE)

    claim(visitor, account, at=LATER)

    record = last_word(target)
    assert (record.granted, record.source, record.at) == (False, Source.SIGN_IN, LATER)


def test_a_refusal_is_told_of_both_for_what_waits_of_either(account, told):
    visitor, target = Person.objects.create(), Person.objects.of_account(account)
    visitor.aliases.create(kind="visitor", value="v")
    grant(target, source=Source.SETTINGS, at=NOON)
    withdraw(visitor, source=Source.FIRST_VISIT, at=NOON + MINUTE)
    told.clear()

    claim(visitor, account, at=LATER)

    assert told == [visitor.pk, target.pk]


def test_a_no_in_between_ends_what_waits_though_both_say_yes_by_now(account, told):
    visitor, target = Person.objects.create(), Person.objects.of_account(account)
    visitor.aliases.create(kind="visitor", value="v")
    grant(target, source=Source.SETTINGS, at=NOON)
    withdraw(visitor, source=Source.GPC, at=NOON + MINUTE)
    grant(visitor, source=Source.FIRST_VISIT, at=NOON + MINUTE)
    told.clear()

    claim(visitor, account, at=LATER)

    assert told == [visitor.pk, target.pk]
    assert consent_of(target, at=LATER)


def test_a_claim_may_be_followed_by_a_yes(account, browser):
    person = Person.objects.of_account(account)
    grant(person, source=Source.SETTINGS, at=NOON)
    browser.answers(say_no, at=NOON + MINUTE)
    sign_in(browser.request(), account, at=LATER)
    assert consent_of(person, at=LATER) is None

    browser.user = account
    browser.answers(say_yes, source=Source.SETTINGS, at=LATER)
    assert consent_of(person, at=LATER)


@pytest.mark.parametrize("said", ["yes", None, "no"])
def test_an_anonymous_no_is_the_account_s_no(said, account, browser):
    person = Person.objects.of_account(account)
    if said:
        SAY[said](person, source=Source.SETTINGS, at=NOON)
    browser.answers(say_no, at=NOON + MINUTE)

    assert sign_in(browser.request(), account, at=LATER) == person

    assert last_word(person).granted is False
    assert consent_of(person, at=LATER) is None


def test_an_anonymous_yes_is_taken_along_with_what_it_allowed(account, browser, tour_taken):
    visitor = browser.answers(say_yes)
    track(visitor, tour_taken(), at=NOON)

    person = sign_in(browser.request(), account, at=LATER)

    assert person.account == account
    assert Event.objects.get().person == person
    assert consent_of(person, at=LATER)


def test_a_signal_at_sign_in_is_heard_before_anything_leaves(account, a_browser):
    person = Person.objects.of_account(account)
    grant(person, source=Source.SETTINGS, at=NOON)

    sign_in(a_browser(DNT="1").request(), account, at=LATER)

    assert last_word(person).source == Source.DNT


def signs_in(browser, account):
    """The account signs in from here, through the whole of Django's login."""
    request = browser.request()
    request.session = SessionStore()
    login(request, account, backend="growth.accounts.backends.CodeOnly")


def test_a_login_claims_the_visitor_in_its_transaction_and_is_no_visit_of_anybody_else(
    account, browser, left
):
    browser.answers(say_yes)

    signs_in(browser, account)

    person = Person.objects.get(account=account)
    record = ConsentRecord.objects.get()
    assert record.person == person
    assert [(one.name, one.person_id, one.consent_id) for one in left] == [
        ("auth.login", person.pk, record.pk)
    ]


def test_a_visitor_is_claimed_once_and_by_one_account(account, browser):
    visitor = browser.answers(say_yes)
    sign_in(browser.request(), account, at=LATER)
    other = get_user_model().objects.create_user("bea@growth.example", date_joined=NOON)

    second = sign_in(browser.request(), other, at=LATER + MINUTE)

    assert second.account == other
    assert Person.objects.get(account=account).aliases.exists()
    assert not second.aliases.exists()
    assert consent_of(second, at=LATER + MINUTE) is None
    assert visitor.pk in Person.objects.values_list("pk", flat=True)


def test_whoever_signed_in_leaves_no_cookie_behind(account, browser):
    client = Client()
    browser.answers(say_yes)
    client.cookies = browser.cookies
    client.cookies[CHOICE_COOKIE] = "anything"
    client.force_login(account)

    response = client.get("/")

    for name in (VISITOR_COOKIE, CHOICE_COOKIE):
        assert response.cookies[name].value == ""
        assert response.cookies[name]["max-age"] == 0
