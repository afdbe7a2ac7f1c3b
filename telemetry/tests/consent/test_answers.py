"""The latest answer decides, and each stays on record."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from telemetry.consent import answers, standing
from telemetry.consent.answers import consent_of, grant, heed, latest, valid_consents, withdraw
from telemetry.consent.models import ConsentRecord, Source
from telemetry.operations.append_only import AppendOnly
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.signals import consent_granted, consent_withdrawn
from telemetry.tests.consent.conftest import MINUTE, NOON, last_word

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    """The signals that were sent: which, and the id of the person."""
    sent = []

    def granted(person, record, **_kwargs):
        assert connection.in_atomic_block
        sent.append(("granted", person.pk, record.pk))

    def withdrawn(person, record, **_kwargs):
        assert connection.in_atomic_block
        sent.append(("withdrawn", person.pk, record.pk))

    consent_granted.connect(granted)
    consent_withdrawn.connect(withdrawn)
    yield sent
    consent_granted.disconnect(granted)
    consent_withdrawn.disconnect(withdrawn)


def test_who_never_answered_has_not_agreed(person):
    assert consent_of(person, at=NOON) is None
    assert latest(person) is None
    assert not ConsentRecord.objects.exists()


def test_a_yes_holds_from_its_moment_on(person):
    record = grant(person, source=Source.SETTINGS, at=NOON)

    assert consent_of(person, at=NOON) == record
    assert consent_of(person, at=NOON + timedelta(days=999)) == record
    assert consent_of(person, at=NOON - MINUTE) is None


def test_a_withdrawal_ends_the_yes_for_what_happened_before_it_too(person):
    grant(person, source=Source.SETTINGS, at=NOON)
    withdraw(person, source=Source.SETTINGS, at=NOON + MINUTE)

    assert consent_of(person, at=NOON) is None
    assert consent_of(person, at=NOON + 2 * MINUTE) is None


def test_a_yes_after_a_no_does_not_cover_the_time_of_the_no(person):
    grant(person, source=Source.SETTINGS, at=NOON)
    withdraw(person, source=Source.SETTINGS, at=NOON + MINUTE)
    again = grant(person, source=Source.SETTINGS, at=NOON + 2 * MINUTE)

    assert consent_of(person, at=NOON + MINUTE) is None
    assert consent_of(person, at=NOON + 2 * MINUTE) == again
    assert [record.granted for record in ConsentRecord.objects.order_by("pk")] == [True, False, True]


@pytest.mark.parametrize("say", [grant, withdraw])
def test_saying_it_twice_changes_nothing(say, person, heard):
    first = say(person, source=Source.SETTINGS, at=NOON)
    again = say(person, source=Source.FIRST_VISIT, at=NOON + MINUTE)

    assert again == first
    assert ConsentRecord.objects.get() == first
    assert len(heard) == 1


def test_what_changed_is_told_inside_the_transaction(person, heard):
    yes = grant(person, source=Source.SETTINGS, at=NOON)
    no = withdraw(person, source=Source.SETTINGS, at=NOON)

    assert heard == [("granted", person.pk, yes.pk), ("withdrawn", person.pk, no.pk)]


def test_answers_count_in_the_order_they_were_given_whatever_a_clock_says(person):
    grant(person, source=Source.SETTINGS, at=NOON)
    no = withdraw(person, source=Source.SETTINGS, at=NOON - MINUTE)

    assert no.at == NOON
    assert consent_of(person, at=NOON) is None


def test_a_yes_to_another_text_no_longer_holds(person, monkeypatch):
    grant(person, source=Source.SETTINGS, at=NOON)
    for module in ("standing", "answers"):
        monkeypatch.setattr(f"telemetry.consent.{module}.TEXT_VERSION", "2027-01")

    assert consent_of(person, at=NOON + MINUTE) is None

    renewed = grant(person, source=Source.SETTINGS, at=NOON + MINUTE)
    assert renewed.text_version == "2027-01"
    assert consent_of(person, at=NOON + MINUTE) == renewed
    assert consent_of(person, at=NOON) is None


def test_many_people_are_asked_about_in_one_statement(django_assert_num_queries):
    people = Person.objects.bulk_create([Person() for _ in range(9)])

    with django_assert_num_queries(1):
        assert valid_consents([one.pk for one in people], at=NOON) == {}

    said_yes = [grant(one, source=Source.SETTINGS, at=NOON) for one in people[:4]]
    withdraw(people[0], source=Source.SETTINGS, at=NOON)

    found = valid_consents([one.pk for one in people], at=NOON)
    assert found == {record.person_id: record.pk for record in said_yes[1:]}


def test_a_browser_s_signal_is_a_no_once(person):
    grant(person, source=Source.SETTINGS, at=NOON)

    assert heed(person, signal=Source.GPC, at=NOON + MINUTE)
    assert not heed(person, signal=Source.DNT, at=NOON + 2 * MINUTE)
    assert last_word(person).source == Source.GPC
    assert consent_of(person, at=NOON + MINUTE) is None


def test_a_signal_is_heard_though_the_answer_was_no_already(person):
    """Else the first yes after it would meet it again, and fall."""
    withdraw(person, source=Source.SETTINGS, at=NOON)

    assert heed(person, signal=Source.GPC, at=NOON + MINUTE)
    yes = grant(person, source=Source.SETTINGS, at=NOON + 2 * MINUTE)
    assert not heed(person, signal=Source.GPC, at=NOON + 3 * MINUTE)
    assert consent_of(person, at=NOON + 3 * MINUTE) == yes


class TestOptOut:
    """Silence is a yes, and nothing but silence."""

    @pytest.fixture(autouse=True)
    def policy(self, settings):
        settings.TELEMETRY_CONSENT = "opt_out"

    def test_silence_gets_a_record_when_one_is_first_needed(self, person):
        record = consent_of(person, at=NOON)
        assert record
        assert (record.source, record.granted, record.at) == (Source.POLICY, True, NOON)
        assert consent_of(person, at=NOON + MINUTE) == record
        assert ConsentRecord.objects.count() == 1

    def test_a_no_is_a_no(self, person):
        withdraw(person, source=Source.SETTINGS, at=NOON)

        assert consent_of(person, at=NOON + MINUTE) is None

    def test_a_record_of_the_policy_never_outweighs_an_answer(self, person):
        """Whoever wrote it may have looked before the person answered."""
        withdraw(person, source=Source.SETTINGS, at=NOON)
        ConsentRecord.objects.create(
            person=person,
            granted=True,
            text_version=standing.TEXT_VERSION,
            source=Source.POLICY,
            at=NOON + MINUTE,
        )

        assert consent_of(person, at=NOON + 2 * MINUTE) is None

    def test_an_own_yes_is_the_record(self, person):
        consent_of(person, at=NOON - MINUTE)
        own = grant(person, source=Source.SETTINGS, at=NOON)

        assert consent_of(person, at=NOON) == own

    def test_the_policy_is_no_yes_under_opt_in(self, person, settings):
        consent_of(person, at=NOON)
        settings.TELEMETRY_CONSENT = "opt_in"

        assert consent_of(person, at=NOON + MINUTE) is None

    def test_a_signal_is_a_no(self, person):
        heed(person, signal=Source.DNT, at=NOON)

        assert consent_of(person, at=NOON + MINUTE) is None


@pytest.mark.parametrize("change", [{"granted": True}, {"at": NOON + MINUTE}, {"source": "policy"}])
def test_the_database_refuses_to_change_an_answer(change, person):
    record = withdraw(person, source=Source.SETTINGS, at=NOON)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ConsentRecord.objects.filter(pk=record.pk).update(**change)


@pytest.mark.guard
def test_without_the_triggers_an_answer_can_be_changed(person):
    withdraw(person, source=Source.SETTINGS, at=NOON)
    with connection.cursor() as cursor:
        for statement in AppendOnly("telemetry_consentrecord", ("id",)).drop(connection.vendor):
            cursor.execute(statement)

    assert ConsentRecord.objects.update(granted=True) == 1


def test_a_signal_that_another_request_heard_meanwhile_is_heard_once(person, monkeypatch):
    lock = answers._locked

    def wait_for_the_other(waiting):
        monkeypatch.setattr(answers, "_locked", lock)
        assert heed(person, signal=Source.GPC, at=NOON)
        return lock(waiting)

    monkeypatch.setattr(answers, "_locked", wait_for_the_other)

    assert not heed(person, signal=Source.DNT, at=NOON)
    assert [record.source for record in ConsentRecord.objects.all()] == [Source.GPC]


def test_the_database_refuses_to_delete_an_answer(person):
    record = withdraw(person, source=Source.SETTINGS, at=NOON)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        record.delete()


def test_erasure_takes_the_person_out_and_nobody_comes_in(person):
    record = withdraw(person, source=Source.SETTINGS, at=NOON)

    erase(person, at=NOON + MINUTE)

    record.refresh_from_db()
    assert record.person is None
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ConsentRecord.objects.filter(pk=record.pk).update(person=Person.objects.create())


def test_nobody_answers_for_who_is_erased(person):
    erase(Person.objects.get(pk=person.pk), at=NOON)

    with pytest.raises(Person.DoesNotExist):
        grant(person, source=Source.SETTINGS, at=NOON)
