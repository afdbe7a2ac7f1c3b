"""The vocabulary as documents: for readers, and for people with a SQL client."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.apps.registry import Apps
from django.core.management import CommandError, call_command
from django.db import connection, models

from telemetry.apps import give_every_event_class_its_row, put_the_view_back, take_the_view_away
from telemetry.log.document import vocabulary_document
from telemetry.log.events import TrackedEvent, declared
from telemetry.log.models import Event
from telemetry.log.product_events import ActivityLogged
from telemetry.log.readable import create_view, drop_view
from telemetry.log.track import track
from telemetry.people.models import Person


def test_the_document_is_current():
    call_command("vocabulary", "--check", verbosity=0)


def test_every_event_is_in_the_document():
    document = vocabulary_document()

    assert [name for name in (event.name for event in declared()) if f"### `{name}`" not in document] == []


def test_a_stale_document_is_found_and_written_anew(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match="stale"):
        call_command("vocabulary", "--check")
    assert not (tmp_path / "docs").exists()

    call_command("vocabulary", verbosity=0)

    call_command("vocabulary", "--check", verbosity=0)
    assert (tmp_path / "docs" / "vocabulary.md").read_text() == vocabulary_document()


def test_an_event_s_section_says_all_there_is(scratch):
    @dataclass(frozen=True)
    class BellRung(TrackedEvent, name="scratch.bell_rung", written_by="server", counts_as_use=True):
        """Somebody rang the bell."""

        times: int
        project: str | None = None
        tones: tuple[float, ...] = ()

    section = vocabulary_document().partition("## scratch\n")[2].partition("\n## ")[0]

    assert section.strip().splitlines() == [
        "### `scratch.bell_rung`",
        "",
        "Somebody rang the bell.",
        "",
        "| written by | counts as use | stored |",
        "|---|---|---|",
        "| the server | yes | with consent |",
        "",
        "| field | type | |",
        "|---|---|---|",
        "| `times` | whole number |  |",
        "| `project` | text | column, optional |",
        "| `tones` | list of number |  |",
    ]


def readable():
    """What somebody with a SQL client reads."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT event, project, source, occurred_at, origin FROM event_readable ORDER BY id")
        return [(*row[:3], str(row[3]), row[4]) for row in cursor.fetchall()]


@pytest.mark.django_db
def test_the_view_shows_times_to_the_microsecond():
    person = Person.objects.create()
    times = [
        datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
        datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    ]
    for at in times:
        track(person, ActivityLogged(project="Attic", source="timer"), at=at)

    assert readable() == [("activity.logged", "Attic", "timer", str(at), "product") for at in times]


@pytest.mark.django_db(transaction=True)
def test_a_table_of_the_view_can_change_while_a_migration_has_taken_it_away():
    before = Event._meta.get_field("source")
    after = models.CharField(max_length=40, blank=True, default="")
    after.set_attributes_from_name("source")
    drop_view(connection)
    with connection.schema_editor() as editor:
        editor.alter_field(Event, before, after)
        editor.alter_field(Event, after, before)

    create_view(connection)

    assert readable() == []


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_has_nothing_to_do_leaves_the_view_alone():
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW event_readable")
        cursor.execute("CREATE VIEW event_readable AS SELECT 1 AS one")
    try:
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT one FROM event_readable")
            assert cursor.fetchall() == [(1,)]
    finally:
        create_view(connection)


@pytest.mark.django_db(transaction=True)
def test_the_view_goes_before_tables_change_and_comes_back_after():
    take_the_view_away(connection.alias, plan=["a migration"])
    assert "event_readable" not in tables_and_views()

    put_the_view_back(connection.alias, plan=["a migration"])
    assert "event_readable" in tables_and_views()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_written_while_there_are_no_tables():
    take_the_view_away(connection.alias, plan=["a migration"])

    put_the_view_back(connection.alias, plan=["a migration"], apps=Apps())
    give_every_event_class_its_row(connection.alias, apps=Apps())

    assert "event_readable" not in tables_and_views()
    create_view(connection)


def tables_and_views():
    """The names of all there is."""
    with connection.cursor() as cursor:
        return set(connection.introspection.table_names(cursor, include_views=True))


@pytest.mark.django_db(transaction=True)
def test_the_index_on_time_takes_the_form_of_the_database():
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Event._meta.db_table)["event_occurred"]

    assert found["columns"] == ["occurred_at"]
    assert found["type"] == ("brin" if connection.vendor == "postgresql" else "idx")
