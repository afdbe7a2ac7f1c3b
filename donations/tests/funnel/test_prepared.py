"""A query that is written once, and planned once a session of PostgreSQL's."""

from functools import partial

import pytest
from django.conf import settings
from django.db import connection

from donations.visibility import of_person
from telemetry.people.models import Person
from telemetry.tests.ingest.test_store_in_parallel import together

pytestmark = pytest.mark.django_db(transaction=True)
needs_postgresql = pytest.mark.skipif(not settings.POSTGRESQL, reason="SQLite plans for itself")


def planned():
    """How many statements the session keeps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'prepared_%%'")
        return cursor.fetchone()[0]


def test_every_session_answers_with_its_own_value():
    people = [Person.objects.create() for _ in range(4)]

    assert together([partial(of_person.first, person.pk) for person in people]) == people


def test_a_new_session_answers_as_the_old_one_did():
    person = Person.objects.create()
    assert of_person.first(person.pk) == person

    connection.close()

    assert of_person.first(person.pk) == person
    assert of_person.first(0) is None


@needs_postgresql
def test_a_session_plans_it_once(django_assert_num_queries):
    of_person.first(0)
    kept = planned()
    with django_assert_num_queries(1):
        of_person.first(0)

    assert planned() == kept >= 1


@needs_postgresql
def test_behind_a_pooler_of_transactions_nothing_is_kept_in_a_session(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    person = Person.objects.create()

    kept = planned()
    assert of_person.first(person.pk) == person
    assert planned() == kept
