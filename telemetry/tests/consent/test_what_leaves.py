"""What is stored and what may leave, by what the person said."""

import pytest
from django.db import transaction

from telemetry.consent.answers import grant, withdraw
from telemetry.consent.models import ConsentRecord, Source
from telemetry.log.context import RequestContext, during
from telemetry.log.ingest import store
from telemetry.log.items import Item
from telemetry.log.models import Event, EventType, Origin
from telemetry.log.product_events import ActivityLogged, TaskAssigned
from telemetry.log.track import track
from telemetry.log.vocabulary import type_ids
from telemetry.people.models import Person
from telemetry.tests.consent.conftest import MINUTE, NOON

pytestmark = pytest.mark.django_db


def yes(person, at=NOON):
    return grant(person, source=Source.SETTINGS, at=at)


def no(person, at=NOON):
    return withdraw(person, source=Source.SETTINGS, at=at)


def test_without_a_yes_an_event_of_our_pages_is_not_stored(person, tour_taken, left):
    assert not track(person, tour_taken(), at=NOON)
    no(person)
    assert not track(person, tour_taken(), at=NOON)

    assert not Event.objects.exists()
    assert left == []


def test_without_a_yes_a_record_of_the_service_is_stored_and_stays(person, left):
    assert track(person, ActivityLogged(), at=NOON)

    assert Event.objects.get().consent is None
    assert left == []


def test_with_a_yes_both_are_stored_under_its_record_and_passed_on(person, tour_taken, left):
    record = yes(person)

    assert track(person, tour_taken(chapter=3), at=NOON)
    assert track(person, ActivityLogged(source="timer", duration_seconds=60), at=NOON + MINUTE)

    events = list(Event.objects.order_by("pk"))
    assert [event.consent for event in events] == [record, record]
    assert [(one.event_id, one.person_id, one.consent_id) for one in left] == [
        (event.pk, person.pk, record.pk) for event in events
    ]
    assert [(one.name, one.occurred_at, one.attributes) for one in left] == [
        ("scratch.tour_taken", NOON, {"chapter": 3}),
        ("activity.logged", NOON + MINUTE, {"source": "timer", "duration_seconds": 60}),
    ]


def test_what_people_named_does_not_leave(person, left):
    yes(person)

    track(person, TaskAssigned(project="Anna's wedding"), at=NOON)

    assert left[0].attributes == {}


def test_what_happened_before_the_yes_does_not_leave(person, tour_taken, left):
    yes(person)

    assert not track(person, tour_taken(), at=NOON - MINUTE)
    assert track(person, ActivityLogged(), at=NOON - MINUTE)

    assert Event.objects.get().consent is None
    assert left == []


def test_what_is_told_twice_leaves_once(person, tour_taken, left):
    yes(person)

    assert track(person, tour_taken(), at=NOON, key="one")
    assert not track(person, tour_taken(), at=NOON, key="one")

    assert len(left) == 1


def test_the_outlet_belongs_to_the_transaction(person, tour_taken, left, monkeypatch):
    yes(person)

    def refuses(_rows):
        raise ZeroDivisionError

    monkeypatch.setattr("telemetry.log.outlets._outlets", [refuses])
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        track(person, tour_taken(), at=NOON)

    assert not Event.objects.exists()


def test_with_a_yes_an_event_costs_one_insert(person, tour_taken, left, django_assert_max_num_queries):
    yes(person)
    track(person, tour_taken(), at=NOON)

    with django_assert_max_num_queries(4) as asked:
        track(person, tour_taken(), at=NOON)

    writes = [query["sql"] for query in asked if not query["sql"].lstrip().startswith("SELECT")]
    assert len(writes) == 1
    assert "INSERT INTO telemetry_event" in writes[0]


def test_where_it_happened_is_kept_with_a_yes_and_only_then(person, tour_taken, left):
    there = RequestContext("home", "firefox", "desktop")
    around = {"route": "home", "browser_family": "firefox", "device_type": "desktop"}

    track(person, ActivityLogged(), at=NOON, context=there)
    yes(person)
    track(person, ActivityLogged(), at=NOON, context=there)
    with during(there):
        track(person, tour_taken(), at=NOON)
    track(person, tour_taken(), at=NOON)

    assert [event.properties for event in Event.objects.order_by("pk")] == [
        None,
        around,
        {**around, "chapter": 1},
        {"chapter": 1},
    ]
    assert [one.attributes for one in left] == [around, {**around, "chapter": 1}, {"chapter": 1}]


# --- What other programs send ---


def sent(*users, name="activity.logged", at=NOON, **values):
    return [Item(id=f"{user}-{name}-{at}", name=name, user=user, occurred_at=at, **values) for user in users]


def stored(items, origin=Origin.API, now=NOON + MINUTE):
    return store(items, origin=origin, now=now)


@pytest.fixture
def anna(db):
    person = Person.objects.create(signed_up_at=NOON)
    person.aliases.create(kind="user", value="anna")
    return person


def test_what_programs_send_is_stored_without_consent_and_stays(anna, left):
    assert stored(sent("anna", "ben")).accepted == 2

    assert set(Event.objects.values_list("consent", flat=True)) == {None}
    assert left == []


def test_of_a_batch_what_a_yes_allows_leaves_under_its_record(anna, left):
    record = yes(anna)

    stored(sent("anna", "ben") + sent("anna", at=NOON - MINUTE), now=NOON + MINUTE)

    [one] = left
    assert Event.objects.get(consent__isnull=False).pk == one.event_id
    assert (one.person_id, one.consent_id, one.occurred_at) == (anna.pk, record.pk, NOON)


def test_of_a_batch_only_declared_fields_of_their_type_leave(anna, left):
    yes(anna)
    EventType.objects.declare("staff.walked", "Somebody walked.")

    stored(sent("anna", properties={"mood": "sad"}, source="web", project="Anna's", duration_seconds=5))
    stored(sent("anna", name="page.viewed", properties={"route": "home", "email": "a@b.example"}))
    stored(sent("anna", name="page.viewed", at=NOON + MINUTE, properties={"route": ["a@b.example"]}))
    stored(sent("anna", name="staff.walked", properties={"where": "home"}))

    assert [(one.name, one.attributes) for one in left] == [
        ("activity.logged", {"source": "web", "duration_seconds": 5}),
        ("page.viewed", {"route": "home"}),
        ("page.viewed", {}),
        ("staff.walked", {}),
    ]


def test_a_duplicate_does_not_leave_again(anna, left):
    yes(anna)

    for _ in range(2):
        stored(sent("anna"))

    assert len(left) == 1


def test_an_imported_history_never_leaves(anna, left):
    yes(anna)

    stored(sent("anna"), origin=Origin.CSV)

    assert Event.objects.get().consent is None
    assert left == []


def test_consent_costs_a_batch_one_statement_whatever_its_size(db, left, django_assert_max_num_queries):
    """The others were counted before there was consent: people, tombstones, transaction, events, sign-ups."""
    users = [f"u{number}" for number in range(50)]
    stored(sent(*users))

    with django_assert_max_num_queries(10) as few:
        stored(sent("u1", at=NOON + MINUTE))
    with django_assert_max_num_queries(10) as many:
        stored(sent(*users, at=NOON + MINUTE / 2))

    about_consent = [query["sql"] for query in many if "FROM telemetry_consentrecord" in query["sql"]]
    assert len(about_consent) == 1
    assert len(few) == len(many)


def test_a_batch_of_people_who_agreed_costs_no_statement_a_person(left, django_assert_max_num_queries):
    users = [f"u{number}" for number in range(50)]
    stored(sent(*users))
    for person in Person.objects.all():
        yes(person)

    with django_assert_max_num_queries(12):
        stored(sent(*users, at=NOON + MINUTE))

    assert len(left) == 50


def test_under_opt_out_a_batch_leaves_by_the_policy(anna, left, settings):
    settings.TELEMETRY_CONSENT = "opt_out"
    no(anna)

    stored(sent("anna", "ben", at=NOON + MINUTE) + sent("ben", at=NOON))

    record = ConsentRecord.objects.get(source=Source.POLICY)
    assert record.person == Person.objects.get(aliases__value="ben")
    assert record.at == NOON
    assert [one.consent_id for one in left] == [record.pk, record.pk]


def test_coverage_says_how_much_a_yes_allowed(anna):
    stored(sent("anna", "ben", "cem"))
    yes(anna, NOON + MINUTE)
    stored(sent("anna", at=NOON + MINUTE))
    types = type_ids("activity.logged")
    # Of another type, with consent as well.
    stored(sent("anna", at=NOON + MINUTE, name="timer.started"))

    covered = Event.objects.consent_coverage(types, NOON, NOON + 2 * MINUTE)

    assert (covered.events, covered.with_consent, covered.share) == (4, 1, 0.25)
    assert Event.objects.consent_coverage(types, NOON + 9 * MINUTE, NOON).share is None
    ben = Person.objects.filter(aliases__value="ben")
    assert Event.objects.by(ben).consent_coverage(types, NOON, NOON + MINUTE).events == 1
