"""A query that is written once answers as if it were written each time."""

from threading import Thread

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from donations.models import Supporter
from donations.visibility import of_account, of_person, people_asked
from telemetry.people.models import Person
from telemetry.segments.models import Segment

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    """One with a supporter's row, one with a segment, one with neither."""
    accounts = [get_user_model().objects.create_user(f"{n}@example.org") for n in range(3)]
    found = [Person.objects.of_account(account) for account in accounts]
    Supporter.objects.create(
        person=found[0], dismissals={"banner": "2026-01-01"}, last_gift_at=timezone.now()
    )
    Segment.objects.create(person=found[1], seconds_tracked=3600, computed_at=timezone.now())
    return found


def columns(person):
    """All that was read."""
    related = (getattr(person, name, None) for name in ("supporter", "segment"))
    rows = [person, *filter(None, related)]
    read = [{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields} for row in rows]
    return read, person.has_key, person.arm, person.gives_arms


def test_it_reads_what_the_queryset_reads(people, django_assert_num_queries):
    for person in people:
        expected = columns(people_asked().get(pk=person.pk))
        with django_assert_num_queries(1):
            assert columns(of_account.first(person.account_id)) == expected
        assert columns(of_person.first(person.pk)) == expected


def test_nobody_is_found_under_an_unknown_value(people):
    assert of_account.first(10**9) is None


@pytest.mark.django_db(transaction=True)
def test_threads_use_their_own_connections(people):
    found = []

    def look():
        try:
            found.append(of_person.first(people[0].pk))
        finally:
            connection.close()

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [people[0]] * 4
