"""Who did what: written once."""

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction

from telemetry.models import AuditEntry
from telemetry.operations.append_only import AppendOnly, UnknownDatabase

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return get_user_model().objects.create_user("ada@growth.example", is_staff=True)


@pytest.fixture
def entry(ada, now):
    return AuditEntry.objects.record(
        ada, "people.exported", ada, before={"a": 1}, after={"a": 2}, cause="asked by mail", at=now
    )


def test_an_entry_names_the_row(entry, ada, now):
    entry.refresh_from_db()

    assert (entry.actor, entry.action, entry.at) == (ada, "people.exported", now)
    assert entry.object == f"growth.user:{ada.pk}"
    assert (entry.before, entry.after, entry.cause) == ({"a": 1}, {"a": 2}, "asked by mail")


def test_what_was_looked_at_may_be_words(now):
    entry = AuditEntry.objects.record(None, "people.listed", "cohort at-risk", at=now)

    assert (entry.object, entry.actor, entry.before) == ("cohort at-risk", None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"action": "nothing"},
        {"object": ""},
        {"cause": "another"},
        {"after": {"a": 3}},
        {"at": "2020-01-01T00:00:00Z"},
        {"actor_id": None, "action": "nothing"},
    ],
)
def test_the_database_refuses_a_change(entry, change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(**change)


def test_the_database_refuses_another_actor(entry):
    eve = get_user_model().objects.create_user("eve@growth.example")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(actor=eve)


def test_the_database_refuses_to_delete(entry):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.delete()


def test_erasure_blanks_person_and_text(entry):
    AuditEntry.objects.filter(pk=entry.pk).update(actor=None, before=None, after=None, cause="")

    entry.refresh_from_db()
    assert (entry.actor, entry.before, entry.after, entry.cause) == (None, None, None, "")
    assert entry.action == "people.exported"


def test_the_entry_outlives_its_actor(entry, ada):
    ada.delete()

    entry.refresh_from_db()
    assert entry.actor is None


@pytest.mark.guard
def test_without_the_triggers_a_change_passes(entry):
    guard = AppendOnly("telemetry_auditentry", ("id",))
    with connection.cursor() as cursor:
        for statement in guard.drop(connection.vendor):
            cursor.execute(statement)

    assert AuditEntry.objects.update(action="nothing") == 1


def test_an_unknown_database_gets_no_silent_promise():
    with pytest.raises(UnknownDatabase):
        AppendOnly("t", ("id",)).create("oracle")
