"""The product's own way into the log."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction

from telemetry.instants import MICROSECOND
from telemetry.log import track as track_module
from telemetry.log.events import LegalBasis, TrackedEvent
from telemetry.log.identity import digest
from telemetry.log.models import Event, EventType, Origin, Project
from telemetry.log.product_events import ActivityLogged, TaskAssigned
from telemetry.log.readable import create_view, drop_view
from telemetry.log.track import track
from telemetry.log.vocabulary import UnknownEvent, lookup, sync_vocabulary
from telemetry.people.models import Person

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened(scratch):
    """An event with properties."""

    @dataclass(frozen=True)
    class Opened(TrackedEvent, name="scratch.opened", service_record=True, legal_basis=LegalBasis.CONTRACT):
        """Something was opened."""

        placement: str
        variant: str | None = None

    sync_vocabulary()
    return Opened


@pytest.fixture
def person():
    return Person.objects.create(signed_up_at=NOON - timedelta(days=1))


def test_an_event_is_stored_as_it_was_told(person, opened):
    stored = track(person, opened("header", variant="control"), at=NOON, key="opened:1")

    event = Event.objects.get()
    assert stored
    assert event.type.name == "scratch.opened"
    assert event.person == person
    assert event.occurred_at == NOON
    assert event.origin == Origin.PRODUCT
    assert bytes(event.key) == digest("opened:1")
    assert event.properties == {"placement": "header", "variant": "control"}
    assert (event.project, event.source, event.duration_seconds) == (None, "", None)
    assert not event.clock_ahead


def test_project_source_and_duration_have_their_own_columns(person):
    track(person, ActivityLogged(project="Attic", source="timer", duration_seconds=90), at=NOON)

    event = Event.objects.get()
    assert event.project == Project.objects.get(name="Attic")
    assert (event.source, event.duration_seconds) == ("timer", 90)
    assert event.properties is None


def test_an_empty_project_is_no_project(person):
    track(person, ActivityLogged(project=""), at=NOON)

    assert Event.objects.get().project is None
    assert not Project.objects.exists()


def test_one_project_is_one_row(person):
    track(person, ActivityLogged(project="Attic"), at=NOON)
    track(person, TaskAssigned(project="Attic"), at=NOON)

    assert Project.objects.get().name == "Attic"


def test_an_event_costs_one_question_about_consent_and_one_insert(person, opened, django_assert_num_queries):
    lookup("scratch.opened")

    with django_assert_num_queries(2) as asked:
        track(person, opened("header"), at=NOON)

    assert [query["sql"].split()[0] for query in asked] == ["SELECT", "INSERT"]


def test_the_first_write_wins(person, opened):
    assert track(person, opened("header"), at=NOON, key="one")
    assert not track(person, opened("sidebar"), at=NOON - timedelta(days=9), key="one")

    person.refresh_from_db()
    assert Event.objects.get().properties == {"placement": "header"}
    assert person.signed_up_at == NOON - timedelta(days=1)


def test_without_a_key_each_telling_is_an_event(person, opened):
    for _ in range(3):
        assert track(person, opened("header"), at=NOON)

    assert Event.objects.count() == 3


def test_a_key_of_another_origin_is_another_event(person):
    track(person, ActivityLogged(), at=NOON, key="one")
    Event.objects.create(
        type=EventType.objects.get(name="activity.logged"),
        person=person,
        occurred_at=NOON,
        origin=Origin.API,
        key=digest("one"),
    )

    assert Event.objects.count() == 2


def test_the_database_refuses_an_identity_twice(person):
    track(person, ActivityLogged(), at=NOON, key="one")
    again = Event.objects.get()
    again.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()


def test_an_event_belongs_to_the_caller_s_transaction(person):
    with transaction.atomic():
        track(person, ActivityLogged(), at=NOON)
        transaction.set_rollback(True)

    assert not Event.objects.exists()


def test_an_event_moves_an_unstated_sign_up_down():
    person = Person.objects.create()

    track(person, ActivityLogged(), at=NOON)
    track(person, ActivityLogged(), at=NOON + MICROSECOND)
    assert Person.objects.get().signed_up_at == NOON

    track(person, ActivityLogged(), at=NOON - MICROSECOND)
    assert Person.objects.get().signed_up_at == NOON - MICROSECOND
    assert person.signed_up_at == NOON - MICROSECOND


def test_a_stated_sign_up_stays():
    person = Person.objects.create(signed_up_at=NOON, sign_up_stated=True)

    track(person, ActivityLogged(), at=NOON - timedelta(days=9))

    assert Person.objects.get().signed_up_at == NOON


def test_a_sign_up_stated_meanwhile_stays():
    stale = Person.objects.create(signed_up_at=NOON)
    Person.objects.update(signed_up_at=NOON - timedelta(days=1), sign_up_stated=True)

    track(stale, ActivityLogged(), at=NOON - timedelta(days=9))

    assert Person.objects.get().signed_up_at == NOON - timedelta(days=1)


def test_a_naive_time_is_refused(person):
    with pytest.raises(ValueError, match="time zone"):
        track(person, ActivityLogged(), at=NOON.replace(tzinfo=None))


def test_an_event_without_a_row_is_unknown(person):
    EventType.objects.filter(name="activity.logged").delete()

    with pytest.raises(UnknownEvent):
        track(person, ActivityLogged(), at=NOON)


def told_at_once(person, times):
    """How many of so many parallel tellings of one event were stored."""
    start, stored = Barrier(times), []

    def tell():
        start.wait(10)
        try:
            stored.append(track(person, ActivityLogged(), at=NOON, key="one"))
        finally:
            connection.close()

    threads = [Thread(target=tell) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return stored


@pytest.mark.django_db(transaction=True)
def test_eight_tellings_at_once_are_one_event():
    person = Person.objects.create()

    stored = told_at_once(person, 8)

    assert sorted(stored) == [False] * 7 + [True]
    assert Event.objects.count() == 1


@pytest.fixture
def no_identity(transactional_db, monkeypatch):
    """The log without its unique identity."""
    [identity] = Event._meta.constraints
    drop_view(connection)
    monkeypatch.setattr(Event._meta, "constraints", [])
    with connection.schema_editor() as editor:
        editor.remove_constraint(Event, identity)
    statement = track_module.INSERT.replace("ON CONFLICT (origin, key) DO NOTHING", "")
    monkeypatch.setattr(track_module, "INSERT", statement)
    yield
    monkeypatch.undo()
    Event.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Event, identity)
    create_view(connection)


@pytest.mark.guard
@pytest.mark.django_db(transaction=True)
def test_without_the_unique_identity_eight_tellings_are_eight_events(no_identity):
    person = Person.objects.create()

    told_at_once(person, 8)

    assert Event.objects.count() == 8
