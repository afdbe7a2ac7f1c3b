"""What the privacy page tells, to whom, and what it costs."""

import json

import pytest
from django.test import Client

from growth.privacy.collected import collected
from growth.privacy.views import COPIES
from telemetry.log.events import LegalBasis, declared
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

PAGE = "/settings/privacy/"
COPY = "/settings/privacy/data/"


def test_every_event_is_told_once_with_why_it_is_kept():
    told = [event.name for kept in collected() for event in kept.events]

    assert sorted(told) == sorted(event.name for event in declared())
    assert all(kept.basis for kept in collected())


def test_every_legal_basis_of_an_event_has_its_words():
    used = {event.legal_basis for event in declared() if event.service_record}

    assert used <= {str(basis) for basis in LegalBasis} & {kept.basis for kept in collected()}


def test_an_event_is_told_in_one_sentence_and_by_its_name(client):
    page = client.get(PAGE).content.decode()

    assert "A person signed in. <code>auth.login</code>" in page
    assert "minor units" not in page


def test_a_visitor_without_a_name_is_told_that_nothing_is_kept(client):
    page = client.get(PAGE).content

    assert b"Nothing is kept of you here" in page
    assert b"/settings/privacy/erase/" not in page


def test_the_page_costs_the_same_however_long_the_history(ada, answers, django_assert_max_num_queries):
    for _ in range(30):
        answers(ada, "yes")
        answers(ada, "no")
    with django_assert_max_num_queries(9):
        page = ada.get(PAGE)

    assert len(page.context["answers"]) == 20
    assert b"Older answers are in your copy." in page.content


def test_a_visitor_s_page_costs_nothing_before_a_choice(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/accounts/login/")
        client.get(PAGE, headers={"Sec-GPC": "1"})


def test_the_page_says_whether_anything_leaves_this_site(client, settings):
    assert b"At present none of it leaves this site" in client.get(PAGE).content
    settings.TELEMETRY_SINK, settings.TELEMETRY_DETAILED = "https://collector.example", True

    assert b"Records leave this site only with your yes" in client.get(PAGE).content


def test_a_copy_holds_what_is_theirs_and_nobody_else_s(ada, account):
    other = Person.objects.create()
    answer = ada.post(COPY)
    copied = b"".join(answer.streaming_content).decode()

    assert answer["Content-Type"] == "application/json"
    assert 'attachment; filename="my-data-' in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    assert account.email in json.dumps(json.loads(copied))
    assert str(account.person.public_id) in copied
    assert str(other.public_id) not in copied


def test_taking_a_copy_leaves_a_row_in_the_audit_log(ada, account):
    ada.post(COPY)

    entry = AuditEntry.objects.get(action="person.copied")
    assert (entry.actor, entry.object) == (account, f"telemetry.person:{account.person.pk}")


def test_a_visitor_takes_a_copy_of_what_the_browser_is_known_by(visitor):
    copied = b"".join(visitor.post(COPY).streaming_content).decode()

    assert str(Person.objects.get().public_id) in copied


def test_copies_are_counted(ada):
    codes = [ada.post(COPY).status_code for _ in range(COPIES.most + 1)]

    assert codes == [200] * COPIES.most + [429]


@pytest.mark.parametrize("address", [COPY, "/settings/privacy/erase/"])
def test_who_is_nobody_here_finds_nothing(client, visitor, address):
    assert client.post(address).status_code == 404
    forged = Client()
    forged.cookies["growth_visitor"] = visitor.cookies["growth_visitor"].value + "x"
    assert forged.post(address).status_code == 404


def test_a_copy_is_not_fetched_by_a_link(ada):
    assert ada.get(COPY).status_code == 405
