"""Erasing oneself: the word, the proof, and what is left."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.account.internal.flows.login import record_authentication
from django.core import mail
from django.test import RequestFactory
from django.utils import timezone

from growth.models import User
from growth.privacy import fresh_code
from growth.tests.accounts.conftest import with_second_factor
from telemetry.consent.models import ConsentRecord
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person, Tombstone

pytestmark = pytest.mark.django_db

ERASE = "/settings/privacy/erase/"
GOODBYE = "/settings/privacy/erased/"


@pytest.fixture
def code(ada):
    """The code that Ada asked for."""
    ada.post(ERASE, {"action": "code"})
    found = re.search(r"^ +([A-Z]{4}-[A-Z]{4})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[1]


def test_with_the_word_and_the_code_account_and_person_are_gone(ada, account, answers, code):
    answers(ada, "yes")
    answer = ada.post(ERASE, {"word": "Erase", "code": code.lower()})

    assert answer.url == GOODBYE
    assert not User.objects.exists()
    assert not Person.objects.exists()
    assert "_auth_user_id" not in ada.session
    farewell = ada.get(GOODBYE).content
    assert b"You are erased" in farewell
    assert b"May we learn" not in farewell
    assert ConsentRecord.objects.get().person is None


def test_the_audit_log_keeps_that_it_was_asked_for_and_not_by_whom(ada, code):
    ada.post(ERASE, {"word": "erase", "code": code})

    entry = AuditEntry.objects.get(action="person.erased")
    assert entry.actor is None
    assert str(entry.cause) == "Asked for by the person."


@pytest.mark.parametrize("word", ["", "delete", "erase me"])
def test_without_the_word_nobody_is_erased_and_no_guess_is_counted(ada, code, word):
    for _ in range(5):
        assert ada.post(ERASE, {"word": word, "code": "BBBB-BBBB"}).status_code == 200

    assert ada.post(ERASE, {"word": "erase", "code": code}).url == GOODBYE


@pytest.mark.parametrize(
    "hostile", ["\x00", "erase\x00", "é" * 64, "x" * 5000, "<script>", "' OR 1=1 --", "\ud800"]
)
def test_hostile_input_erases_nobody_and_breaks_nothing(ada, code, hostile):
    body = urlencode({"word": hostile, "code": hostile}, errors="surrogatepass")
    answers = [
        ada.post(ERASE, body, content_type="application/x-www-form-urlencoded"),
        ada.post(ERASE, {"word": "erase", "code": hostile.encode(errors="replace").decode()}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert User.objects.exists()


def test_a_wrong_code_erases_nobody_and_the_fourth_guess_waits(ada, code):
    answers = [ada.post(ERASE, {"word": "erase", "code": "BBBB-BBBB"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert ada.post(ERASE, {"word": "erase", "code": code}).status_code == 429
    assert User.objects.exists()


def test_a_code_is_good_for_ten_minutes(ada, code, time_machine_at):
    with time_machine_at(minutes=11):
        page = ada.post(ERASE, {"word": "erase", "code": code})

    assert b"Mail me a code" in page.content
    assert User.objects.exists()


@pytest.fixture
def time_machine_at():
    """`time_machine_at(minutes=11)`: so much later."""
    return lambda **later: time_machine.travel(timezone.now() + timedelta(**later), tick=True)


def test_a_code_of_one_account_is_worth_nothing_to_another(ada, account, code):
    request = RequestFactory().post(ERASE)
    request.session = ada.session
    other = User.objects.create_user("ben@example.org")
    assert not fresh_code.is_right(request, other, code, now=timezone.now())
    assert code not in str(dict(ada.session))


def test_who_has_a_second_factor_shows_it_instead_of_a_code(ada, account):
    with_second_factor(account)
    assert ada.get(ERASE).url == "/accounts/2fa/reauthenticate/?next=%2Fsettings%2Fprivacy%2Ferase%2F"
    request = RequestFactory().get("/")
    request.user, request.session = account, ada.session
    record_authentication(request, account, "mfa", reauthenticated=True)
    request.session.save()

    assert b"code from your mail" not in ada.get(ERASE).content
    assert ada.post(ERASE, {"word": "erase"}).url == GOODBYE


def test_the_last_account_with_every_power_stays(ada, account, code):
    User.objects.update(is_superuser=True, is_staff=True)

    assert b"the last account" in ada.post(ERASE, {"word": "erase", "code": code}).content
    assert User.objects.exists()


def test_a_visitor_is_erased_with_the_word_alone(visitor):
    assert visitor.post(ERASE, {"word": "erase"}).url == GOODBYE

    assert not Person.objects.exists()
    assert Tombstone.objects.count() == 1
    assert visitor.cookies["growth_visitor"].value == ""


def test_goodbye_is_said_to_nobody_who_is_still_there(ada):
    assert ada.get(GOODBYE).url == ERASE


def test_only_posting_erases(ada, account):
    ada.get(ERASE, {"word": "erase"})

    assert User.objects.filter(pk=account.pk).exists()


def test_the_page_costs_few_queries(ada, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        ada.get(ERASE)
