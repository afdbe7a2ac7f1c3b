"""Input that the privacy pages and the telemetry page must refuse cleanly: no 5xx, no row."""

from itertools import product

import pytest
from django.test import Client

from growth.models import User
from growth.tests.accounts.test_inputs import BODIES, TYPES, VALUES
from telemetry.consent.models import ConsentRecord
from telemetry.delivery.models import Delivery, Installation
from telemetry.operations.limits import Limit
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

ANSWER, COPY = "/settings/privacy/answer/", "/settings/privacy/data/"
INSTALLATION = "/admin/telemetry/installation/"
ON, *OTHERS = [f"{INSTALLATION}{verb}/" for verb in ("on", "off", "test", "resume")]
#: One of a kind each day, the others with the slow suite.
VERBS = [ON, *(pytest.param(verb, marks=pytest.mark.slow) for verb in OTHERS)]
SLOWLY = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("user", "staff")]


def rows():
    return [
        model.objects.count() for model in (ConsentRecord, Person, User, AuditEntry, Delivery, Installation)
    ]


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch):
    monkeypatch.setattr(Limit, "take", lambda *_args, **_kwargs: None)


@pytest.fixture(params=["anonymous", *SLOWLY])
def visitor(request, ada):
    """Each kind of visitor."""
    if request.param == "user":
        return ada
    client = Client()
    if request.param == "staff":
        client.force_login(User.objects.create_superuser("root@example.org"))
    client.get("/settings/privacy/")
    return client


def test_an_answer_of_bad_values_is_none(visitor):
    before = rows()

    for value in VALUES:
        for fields in (
            {"answer": value, "source": "settings"},
            {"answer": "yes", "source": value},
            {"answer": value, "source": value, "next": value},
        ):
            assert visitor.post(ANSWER, fields).status_code == 400, fields
    assert rows() == before


def test_a_way_back_that_is_none_leads_to_the_page(visitor):
    for value in VALUES:
        answer = visitor.post(ANSWER, {"answer": "no", "source": "settings", "next": value})

        assert (answer.status_code, answer["Location"]) == (302, "/settings/privacy/"), value


def test_bad_bodies_are_no_answer_and_leave_no_row(ada):
    before = rows()

    for content_type, body in product(TYPES, BODIES):
        assert ada.generic("POST", ANSWER, body, content_type=content_type).status_code == 400, body[:50]
    assert rows() == before


def test_what_comes_with_the_wish_for_a_copy_is_not_looked_at(ada):
    ada.post(COPY)  # makes the person of the account
    *before, _copies, _queued, _installations = rows()

    for content_type, body in product(TYPES, BODIES):
        answer = ada.generic("POST", COPY, body, content_type=content_type)
        assert answer.status_code in (200, 400), (content_type, body[:50])
    assert rows()[:3] == before


@pytest.mark.parametrize("address", VERBS)
def test_a_verb_that_is_given_nonsense_does_what_it_says_or_nothing(address):
    staff = Client()
    staff.force_login(User.objects.create_superuser("root@example.org"))

    for value in VALUES:
        answer = staff.post(address, {"next": value, "on": value, "pk": value})
        assert answer.status_code in (302, 400, 405), value
    for content_type, body in product(TYPES, BODIES):
        assert staff.generic("POST", address, body, content_type=content_type).status_code < 500, body[:50]


@pytest.mark.parametrize("address", [ANSWER, COPY, *VERBS])
def test_bad_addresses_are_refused(visitor, address):
    for value in VALUES:
        assert visitor.get(address, {"next": value}).status_code < 500
    many = "&".join(f"a{number}=1" for number in range(1_001))
    assert visitor.get(f"{address}?{many}").status_code < 500
