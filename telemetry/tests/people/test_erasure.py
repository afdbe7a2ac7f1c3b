"""Erasing somebody: nothing is left but what refuses a replay."""

import pytest
from django.db import IntegrityError, transaction

from telemetry.log.models import Event, Project
from telemetry.log.product_events import ActivityLogged
from telemetry.log.track import track
from telemetry.people.erasure import erase, erased_since
from telemetry.people.models import Person, PersonAlias, Tombstone
from telemetry.segments.models import Segment, SegmentRefresh
from telemetry.signals import person_erased
from telemetry.tests.people.conftest import DAY, NOON


def test_events_segment_and_names_go_with_the_person(known):
    person = known("cookie", NOON - DAY, NOON)
    Segment.objects.create(person=person, computed_at=NOON)
    SegmentRefresh.objects.queue(person, NOON)

    assert erase(person, at=NOON)

    for model in (Person, PersonAlias, Event, Segment, SegmentRefresh):
        assert not model.objects.exists()


def test_others_stay(known):
    person, other = known("cookie", NOON), known("other", NOON, NOON + DAY)

    erase(person, at=NOON)

    assert Person.objects.get() == other
    assert Event.objects.of(other).count() == 2


def test_projects_that_only_they_worked_on_go_too(known):
    person, other = known("cookie"), known("other")
    track(person, ActivityLogged(project="Diary"), at=NOON)
    track(person, ActivityLogged(project="Attic"), at=NOON)
    track(other, ActivityLogged(project="Attic"), at=NOON)

    erase(person, at=NOON)

    assert Project.objects.get().name == "Attic"


def test_erasing_somebody_who_is_gone_changes_nothing(known):
    person = known("cookie", NOON)
    erase(person, at=NOON)

    assert not erase(person, at=NOON + DAY)
    assert Tombstone.objects.get().erased_at == NOON


def test_deleting_the_account_erases_its_person(account, known):
    person = known("cookie", NOON)
    Person.objects.update(account=account)

    account.delete()

    assert not Person.objects.filter(pk=person.pk).exists()
    assert not Event.objects.exists()
    assert Tombstone.objects.count() == 1


def test_deleting_accounts_in_bulk_erases_their_people(account, known):
    known("cookie", NOON)
    Person.objects.update(account=account)

    type(account).objects.all().delete()

    assert not Person.objects.exists()
    assert not Event.objects.exists()


def test_the_apps_above_hear_of_it_while_the_rows_are_there(known):
    heard = []

    def hear(person, at, **kwargs):
        heard.append((person.pk, person.aliases.count(), at))

    person = known("cookie", NOON)
    key = person.pk
    person_erased.connect(hear)
    try:
        erase(person, at=NOON)
    finally:
        person_erased.disconnect(hear)

    assert heard == [(key, 1, NOON)]


def test_an_erasure_that_fails_erases_nothing(known):
    def refuse(**kwargs):
        raise IntegrityError("Still needed.")

    person = known("cookie", NOON)
    person_erased.connect(refuse)
    try:
        with pytest.raises(IntegrityError, match="Still needed"), transaction.atomic():
            erase(person, at=NOON)
    finally:
        person_erased.disconnect(refuse)

    assert Event.objects.of(person).count() == 1
    assert not Tombstone.objects.exists()


def test_a_name_that_was_erased_answers_when(known, django_assert_num_queries):
    person = known("cookie", NOON)
    person.aliases.create(kind=PersonAlias.Kind.USER, value="42")
    erase(person, at=NOON + DAY)
    visitor, user = ("visitor", "cookie"), ("user", "42")

    with django_assert_num_queries(1):
        answer = erased_since([visitor, user, ("user", "cookie"), ("visitor", "new")])

    assert answer == {visitor: NOON + DAY, user: NOON + DAY}


def test_a_name_erased_twice_answers_the_later_time(known):
    for at in (NOON, NOON + DAY):
        erase(known("cookie", at), at=at)

    assert erased_since([("visitor", "cookie")]) == {("visitor", "cookie"): NOON + DAY}
    assert Tombstone.objects.count() == 1


def test_a_tombstone_names_nobody_without_the_key_of_the_site(known, settings):
    erase(known("cookie", NOON), at=NOON)
    stone = bytes(Tombstone.objects.get().digest)
    assert len(stone) == 32
    assert b"cookie" not in stone

    settings.SECRET_KEY = "another"

    assert erased_since([("visitor", "cookie")]) == {}


def test_nobody_asked_nobody_erased(db):
    assert erased_since([]) == {}
