"""Consent in the browser: signals, cookies, and what nobody is asked for twice."""

from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.http import HttpResponse

from telemetry.consent.answers import consent_of, grant
from telemetry.consent.middleware import ConsentMiddleware
from telemetry.consent.models import ConsentRecord, Source
from telemetry.consent.visitors import (
    CHOICE_COOKIE,
    VISITOR_COOKIE,
    answer_of,
    person_of,
    say_no,
    say_yes,
    signal_of,
)
from telemetry.people.erasure import erase
from telemetry.people.models import Person, PersonAlias
from telemetry.tests.consent.conftest import MINUTE, NOON, last_word

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("headers", "signal"),
    [
        ({}, None),
        ({"Sec-GPC": "1"}, Source.GPC),
        ({"DNT": "1"}, Source.DNT),
        ({"Sec-GPC": "1", "DNT": "1"}, Source.GPC),
        ({"Sec-GPC": "0", "DNT": "1"}, Source.DNT),
        ({"Sec-GPC": "0"}, None),
        ({"DNT": "0"}, None),
        ({"DNT": "unspecified"}, None),
        ({"Sec-GPC": "true"}, None),
        ({"Sec-GPC": ""}, None),
    ],
)
def test_only_a_one_is_a_signal(headers, signal, a_browser):
    assert signal_of(a_browser(**headers).request()) == signal


# What the person said before the browser signals and after, and whether a yes holds in the end.
BEFORE, AFTER = (None, "yes", "no"), (None, "yes", "no")
POLICIES = ("opt_in", "opt_out")


@pytest.mark.parametrize("header", [None, "Sec-GPC", "DNT"])
@pytest.mark.parametrize(("policy", "before", "after"), [*product(POLICIES, BEFORE, AFTER)])
def test_a_signal_is_a_no_unless_a_yes_was_said_after_it(
    header, policy, before, after, a_browser, person, settings
):
    settings.TELEMETRY_CONSENT = policy
    account = get_user_model().objects.create_user("ada@growth.example")
    Person.objects.filter(pk=person.pk).update(account=account)
    browser = a_browser()
    browser.user = account
    say = {"yes": say_yes, "no": say_no}

    if before:
        browser.answers(say[before], at=NOON)
    if header:
        browser.headers[header] = "1"
    for minute in (1, 2):
        meets_the_middleware(browser, NOON + minute * MINUTE)
    if after:
        browser.answers(say[after], at=NOON + 3 * MINUTE)
    meets_the_middleware(browser, NOON + 4 * MINUTE)

    last_word = after or ("no" if header else before) or {"opt_in": "no", "opt_out": "yes"}[policy]
    holds = consent_of(person, at=NOON + 5 * MINUTE) is not None
    assert holds == (last_word == "yes")


def meets_the_middleware(browser, at):
    """A request passes the middleware at a moment."""
    seen = []

    def page(request):
        seen.append(answer_of(request))
        return HttpResponse()

    with time_machine.travel(at, tick=False):
        browser.take(ConsentMiddleware(page)(browser.request()))
    return seen[0]


def test_before_a_choice_nothing_is_set_and_nobody_is_known(browser):
    assert answer_of(browser.request()) is None
    assert person_of(browser.request()) is None

    assert meets_the_middleware(browser, NOON) is None
    assert not browser.cookies
    assert not Person.objects.exists()


def test_a_signal_of_a_stranger_is_a_no_and_names_nobody(a_browser):
    browser = a_browser(DNT="1")

    assert meets_the_middleware(browser, NOON) is False
    assert not Person.objects.exists()


def test_a_yes_gives_the_browser_a_random_name_that_scripts_and_other_sites_cannot_read(browser, settings):
    settings.SESSION_COOKIE_SECURE = True
    response = HttpResponse()
    person = say_yes(browser.request(), response, source=Source.FIRST_VISIT, at=NOON)
    browser.take(response)

    cookie = response.cookies[VISITOR_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert cookie["max-age"] == timedelta(days=365).total_seconds()
    [alias] = person.aliases.all()
    assert alias.kind == PersonAlias.Kind.VISITOR
    assert UUID(alias.value).version == 4
    assert person_of(browser.request()) == person
    assert answer_of(browser.request()) is True


def test_a_no_leaves_a_cookie_without_a_name(browser):
    browser.answers(say_no)

    assert set(browser.cookies) == {CHOICE_COOKIE}
    assert answer_of(browser.request()) is False
    assert not Person.objects.exists()


def test_taking_a_yes_back_takes_the_name_from_the_browser(browser):
    person = browser.answers(say_yes)
    browser.answers(say_no, at=NOON + MINUTE)

    assert set(browser.cookies) == {CHOICE_COOKIE}
    assert consent_of(person, at=NOON + MINUTE) is None
    assert last_word(person).source == Source.FIRST_VISIT


def test_a_yes_after_a_no_takes_the_no_from_the_browser(browser):
    browser.answers(say_no)
    browser.answers(say_yes, at=NOON + MINUTE)

    assert set(browser.cookies) == {VISITOR_COOKIE}
    assert answer_of(browser.request()) is True


def test_a_visitor_s_yes_stands_while_the_signal_goes_on(a_browser):
    browser = a_browser(**{"Sec-GPC": "1"})
    person = browser.answers(say_yes)

    assert meets_the_middleware(browser, NOON + MINUTE) is True
    assert [record.source for record in ConsentRecord.objects.order_by("pk")] == ["gpc", "first_visit"]
    assert consent_of(person, at=NOON + MINUTE)


def test_a_signal_that_comes_after_a_visitor_s_yes_is_a_no(browser):
    person = browser.answers(say_yes)
    browser.headers["Sec-GPC"] = "1"

    assert meets_the_middleware(browser, NOON + MINUTE) is False
    assert consent_of(person, at=NOON + MINUTE) is None


def test_a_forged_name_is_nobody_s(browser, a_browser):
    person = browser.answers(say_yes)
    forged = a_browser()
    forged.cookies[VISITOR_COOKIE] = person.aliases.get().value
    assert person_of(forged.request()) is None

    signed = browser.cookies[VISITOR_COOKIE].value
    forged.cookies[CHOICE_COOKIE] = signed  # good for its own cookie only
    assert answer_of(forged.request()) is None


def test_a_name_that_is_a_year_old_is_forgotten(browser):
    with time_machine.travel(NOON, tick=False):
        browser.answers(say_yes)
    with time_machine.travel(NOON + timedelta(days=364), tick=False):
        assert person_of(browser.request())
    with time_machine.travel(NOON + timedelta(days=366), tick=False):
        assert person_of(browser.request()) is None


def test_who_was_erased_is_asked_again_and_gets_another_name(browser):
    person = browser.answers(say_yes)
    erase(person, at=NOON + MINUTE)

    assert answer_of(browser.request()) is None
    again = browser.answers(say_yes, at=NOON + 2 * MINUTE)
    assert person_of(browser.request()) == again
    assert again.pk != person.pk or Person.objects.count() == 1


def test_after_the_text_changed_a_yes_is_asked_for_again_and_a_no_is_not(a_browser, monkeypatch):
    agreed, refused = a_browser(), a_browser()
    agreed.answers(say_yes)
    refused.answers(say_no)

    for module in ("standing", "answers", "visitors"):
        monkeypatch.setattr(f"telemetry.consent.{module}.TEXT_VERSION", "2027-01")

    assert answer_of(agreed.request()) is None
    assert answer_of(refused.request()) is False


def test_a_request_without_a_signal_or_cookie_asks_the_database_nothing(browser, django_assert_num_queries):
    with django_assert_num_queries(0):
        ConsentMiddleware(lambda request: HttpResponse())(browser.request())


def test_a_signal_heard_before_costs_no_write(person, a_browser, django_assert_max_num_queries):
    browser = a_browser(DNT="1")
    browser.user = get_user_model().objects.create_user("ada@growth.example")
    Person.objects.filter(pk=person.pk).update(account=browser.user)
    grant(person, source=Source.SETTINGS, at=NOON)
    meets_the_middleware(browser, NOON + MINUTE)

    with django_assert_max_num_queries(5) as asked:
        meets_the_middleware(browser, NOON + 2 * MINUTE)

    assert {query["sql"].split()[0] for query in asked} == {"SELECT"}
