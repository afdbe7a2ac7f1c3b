"""Who is asked, what an answer does, and where it leads."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from growth.privacy import views
from telemetry.consent.models import ConsentRecord, Source
from telemetry.delivery.models import Delivery
from telemetry.operations.limits import Limit
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

QUESTION = b"May we learn from how you use this?"
ANSWER = "/settings/privacy/answer/"
LOGIN = "/accounts/login/"


def test_whoever_has_not_answered_is_asked_and_nothing_but_the_form_s_cookie_is_set(client):
    page = client.get(LOGIN)

    assert QUESTION in page.content
    assert set(client.cookies) == {"csrftoken"}
    assert not Person.objects.exists()


@pytest.mark.parametrize("word", ["yes", "no"])
def test_nobody_is_asked_twice(client, answers, word):
    answers(client, word)

    assert QUESTION not in client.get(LOGIN).content


@pytest.mark.parametrize("word", ["yes", "no"])
def test_an_account_is_asked_once_wherever_it_signs_in(ada, account, answers, word):
    assert QUESTION in ada.get("/").content
    answers(ada, word, source="first_visit")

    assert QUESTION not in ada.get("/").content
    record = ConsentRecord.objects.get(person__account=account)
    assert (record.granted, record.source) == (word == "yes", Source.FIRST_VISIT)


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_browser_that_says_no_by_itself_is_not_asked(client, header):
    assert QUESTION not in client.get(LOGIN, headers={header: "1"}).content
    assert b"says no for you" in client.get("/settings/privacy/", headers={header: "1"}).content


def test_where_silence_is_a_yes_nobody_is_asked(client, settings):
    settings.TELEMETRY_CONSENT = "opt_out"

    assert QUESTION not in client.get(LOGIN).content
    assert b"this site takes that for a yes" in client.get("/settings/privacy/").content


def test_a_yes_to_an_older_text_is_asked_for_again(ada, account):
    person = Person.objects.of_account(account)
    ConsentRecord.objects.create(
        person=person, granted=True, text_version="2020-01", source=Source.SETTINGS, at=timezone.now()
    )

    assert QUESTION in ada.get("/").content
    assert b"The text has changed since your yes." in ada.get("/settings/privacy/").content


def test_a_page_that_is_not_there_asks_nothing(client):
    assert QUESTION not in client.get("/nowhere/").content


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"next": LOGIN}, LOGIN),
        ({"next": "/?page=2"}, "/?page=2"),
        ({"next": LOGIN, "onward": "/admin/"}, f"{LOGIN}?next=%2Fadmin%2F"),
        ({"next": LOGIN, "onward": "https://evil.example/"}, LOGIN),
        ({"next": "//evil.example/"}, "/settings/privacy/"),
        ({"next": "/\\evil.example"}, "/settings/privacy/"),
        ({"next": "https://evil.example/"}, "/settings/privacy/"),
        ({"next": "/accounts/login/?next=https://evil.example/"}, "/settings/privacy/"),
        ({"next": "/\r\nSet-Cookie: a=b"}, "/settings/privacy/"),
        ({}, "/settings/privacy/"),
    ],
)
def test_an_answer_leads_back_and_never_to_another_site(client, answers, fields, address):
    assert answers(client, "no", **fields).url == address


def test_the_way_back_keeps_where_a_page_would_have_led(client):
    page = client.get(f"{LOGIN}?next=/settings/privacy/").content

    assert b'name="next" value="/accounts/login/"' in page
    assert b'name="onward" value="/settings/privacy/"' in page


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"answer": "maybe", "source": "settings"},
        {"answer": "yes", "source": "policy"},
        {"answer": "yes", "source": "gpc"},
        {"answer": "yes"},
    ],
)
def test_what_is_no_answer_is_refused(client, fields):
    assert client.post(ANSWER, fields).status_code == 400
    assert not ConsentRecord.objects.exists()


def test_an_answer_is_posted_and_from_our_own_form(client):
    assert client.get(ANSWER).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(ANSWER, {"answer": "yes", "source": "settings"}).status_code == 403
    assert not ConsentRecord.objects.exists()


def test_one_address_cannot_make_people_without_end(answers, monkeypatch):
    monkeypatch.setattr(views, "ANSWERS_FROM_ONE", Limit("answer-ip", 2, timedelta(hours=1)))
    codes = [answers(Client(), "yes").status_code for _ in range(3)]

    assert codes == [302, 302, 429]
    assert Person.objects.count() == 2


def test_what_waits_to_leave_is_dropped_with_the_no(visitor, answers, settings):
    settings.TELEMETRY_SINK, settings.TELEMETRY_DETAILED = "https://collector.example", True
    for _ in range(3):
        visitor.get("/accounts/login/")
    assert Delivery.objects.detailed().count() == 3
    answers(visitor, "no")

    assert not Delivery.objects.exists()
    visitor.get("/accounts/login/")
    assert not Delivery.objects.exists()


def test_a_no_takes_as_many_clicks_as_a_yes_and_says_so_in_the_history(ada, answers):
    answers(ada, "yes")
    answers(ada, "no")
    page = ada.get("/settings/privacy/")

    assert [record.granted for record in page.context["answers"]] == [False, True]
    assert page.content.count(b'name="answer"') == 2
    assert b"Your answer is no." in page.content
