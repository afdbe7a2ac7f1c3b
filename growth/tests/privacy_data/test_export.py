"""The copy that people take of what is kept of them."""

import json
import tracemalloc

import pytest
from django.apps import apps
from django.db import models

from growth.models import User
from growth.tests.privacy_data.conftest import CANARY, NOW
from telemetry.log.models import Event, EventType, Origin
from telemetry.people.export import export_lines, export_of, title_of
from telemetry.people.models import Person
from telemetry.people.registry import Holds, Subject, register


@pytest.mark.parametrize("holds", [Holds.PERSONAL, Holds.PSEUDONYM])
def test_it_holds_every_field_that_says_who_somebody_is(canary, holds):
    told, subject = export_of(canary.person), Subject(canary.person, canary.account)

    for entry in register():
        rows = told[title_of(entry)]
        assert len(rows) == entry.rows(subject).count() > 0
        for name in (name for name, kind in entry.holding.classes.items() if kind is holds):
            assert all(name in row for row in rows)
            known = entry.rows(subject).exclude(**{name: None}).count()
            assert sum(row[name] is not None for row in rows) == known, f"{entry.model.__name__}.{name}"


def test_the_canary_stands_in_it_wherever_it_was_put(canary):
    told = export_of(canary.person)
    singing = {title for title, rows in told.items() if CANARY in str(rows)}

    assert singing == {
        "Accounts: email addresses",
        "Administration: log entries",
        "Donations: Stripe events",
        "Donations: checkouts",
        "Donations: errands to Stripe",
        "Donations: support mails",
        "Donations: supporter keys",
        "Growth: accounts",
        "Referrals: credits",
        "Referrals: proposed credits",
        "Referrals: referral codes",
        "Referrals: referrals",
        "Telemetry: aliases",
        "Telemetry: audit log",
        "Telemetry: deliveries",
        "Telemetry: events",
        "Telemetry: people",
    }


def test_what_opens_something_is_in_no_copy(canary):
    text = "".join(export_lines(canary.person))
    account = User.objects.get(pk=canary.account.pk)

    for secret in (f"{CANARY}-seed", f"{CANARY}-key", canary.browser.session.session_key, account.password):
        assert secret not in text
    assert "kept secret" in text


def test_it_is_written_for_people(canary):
    first, second = export_of(canary.person)["Telemetry: events"][:2]

    assert (first["type"], first["project"], first["origin"]) == ("activity.logged", f"{CANARY} diary", "api")
    assert second["occurred_at"] == NOW.isoformat()
    assert first["properties"] == {"note": {"deep": [f"{CANARY} note", {CANARY: 1}]}}


def test_the_lines_are_one_json_text_that_says_the_same(canary):
    assert json.loads("".join(export_lines(canary.person))) == export_of(canary.person)


def test_it_holds_nothing_of_others(canary):
    other = Person.objects.create()
    told = export_of(other)

    assert [title for title, rows in told.items() if isinstance(rows, list) and rows] == ["Telemetry: people"]


def test_every_model_that_points_at_a_person_or_an_account_is_in_the_register():
    """A new table cannot be forgotten: its foreign key gives it away."""
    roots = (Person, User)
    pointing = {
        model
        for model in apps.get_models()
        if model._meta.managed
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model in roots
    }

    assert pointing - {entry.model for entry in register()} == set()


def peak_of(person):
    """How many bytes the copy takes at most while it is written."""
    tracemalloc.start()
    try:
        written = sum(map(len, export_lines(person)))
        return written, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def with_events(count):
    """Somebody with a long life."""
    person, word = Person.objects.create(), EventType.objects.get(name="activity.logged")
    Event.objects.bulk_create(
        Event(
            type=word,
            person=person,
            occurred_at=NOW,
            origin=Origin.CSV,
            key=f"{person.pk} {number}".encode().ljust(16)[:16],
            properties={"note": "x" * 200},
        )
        for number in range(count)
    )
    return person


@pytest.mark.slow
@pytest.mark.django_db
def test_a_long_life_takes_no_more_memory_than_a_short_one():
    peak_of(with_events(10))  # what is made once
    short, long = with_events(2_000), with_events(10_000)

    (_, of_short), (written, of_long) = peak_of(short), peak_of(long)

    assert written > 3_000_000
    assert of_long < of_short * 1.5
