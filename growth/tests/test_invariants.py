"""The invariants see the faults that they are there for."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from donations.models import Supporter
from referrals.ledger import Standing
from referrals.models import CreditGrant
from referrals.models.credit import Kind
from referrals.tests.conftest import introduced
from referrals.tests.invariants import assert_credit, assert_rewards
from telemetry.consent.answers import grant, withdraw
from telemetry.consent.models import ConsentRecord, Source
from telemetry.delivery.models import Delivery, Layer
from telemetry.log.models import Event, Origin
from telemetry.log.product_events import ActivityLogged
from telemetry.log.track import track
from telemetry.people.models import Person
from telemetry.tests.invariants import assert_consent

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db):
    """Somebody who said yes, and of whom something is stored."""
    person = Person.objects.create()
    grant(person, source=Source.SETTINGS, at=NOON)
    track(person, ActivityLogged(), at=NOON)
    return person


@pytest.fixture
def waits(person):
    """Something of theirs waits to leave."""

    def wait(occurred_at=NOON):
        return Delivery.objects.create(
            layer=Layer.DETAILED,
            name=ActivityLogged.name,
            occurred_at=occurred_at,
            next_try_at=timezone.now(),
            person=person,
            consent=ConsentRecord.objects.get(person=person),
        )

    return wait


def test_consent_in_order_is_no_fault(waits):
    waits()

    assert_consent()


def imported(event):
    event.origin = Origin.CSV


def under_a_no(event):
    event.consent = withdraw(event.person, source=Source.SETTINGS, at=NOON)


def under_another_s_yes(event):
    event.person = Person.objects.create()


def before_the_yes(event):
    event.occurred_at = NOON - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (imported, "imported"),
        (under_a_no, "names a no"),
        (under_another_s_yes, "another's yes"),
        (before_the_yes, "older than its yes"),
    ],
)
def test_an_event_that_names_a_consent_wrongly_is_seen(made, fault, person):
    event = Event.objects.get()
    made(event)
    event.save()

    with pytest.raises(AssertionError, match=fault):
        assert_consent()


def test_what_waits_though_it_is_older_than_the_yes_is_seen(waits):
    waits(NOON - timedelta(minutes=1))

    with pytest.raises(AssertionError, match="what waits is older"):
        assert_consent()


def test_what_waits_after_a_no_is_seen(waits, person):
    withdraw(person, source=Source.SETTINGS, at=LATER)
    record = ConsentRecord.objects.get(granted=True)
    Delivery.objects.create(
        layer=Layer.DETAILED,
        name=ActivityLogged.name,
        occurred_at=NOON,
        next_try_at=timezone.now(),
        person=person,
        consent=record,
    )

    with pytest.raises(AssertionError, match="after a no"):
        assert_consent()


@pytest.fixture
def credit(person):
    """Five days in a ledger that is in order."""
    return CreditGrant.objects.grant(person, 5, Kind.REFUND_AS_CREDIT, at=NOON, idem_key="credit")


def entered(grant, **columns):
    """An entry that the ledger would not make."""
    stated = {"reverses": grant, "effective_at": NOON, "created_at": NOON, "idem_key": "bad"}
    return CreditGrant.objects.create(person=grant.person, **stated, **columns)


def test_credit_that_is_not_in_the_ledger_is_seen(credit):
    assert_credit()
    Supporter.objects.update(credit_until=LATER)

    with pytest.raises(AssertionError, match="other credit"):
        assert_credit()


def test_days_that_do_not_stack_are_seen_though_the_daily_check_finds_them_in_order(credit, monkeypatch):
    """The check replays the ledger with the same arithmetic: a fault in there it cannot see."""

    def from_now(standing, seconds, at):
        return at + timedelta(seconds=seconds)

    monkeypatch.setattr(Standing, "_longer", from_now)
    CreditGrant.objects.grant(credit.person, 5, Kind.REFUND_AS_CREDIT, at=LATER, idem_key="more")

    assert list(CreditGrant.objects.drift()) == []
    with pytest.raises(AssertionError, match="other credit"):
        assert_credit()


def test_a_grant_that_is_taken_twice_is_seen(credit):
    entered(credit, kind=Kind.REVERSAL, days=-6)
    CreditGrant.objects.project(Supporter.objects.get())

    with pytest.raises(AssertionError, match="more was taken"):
        assert_credit()


def test_a_reward_for_no_money_is_seen(person):
    brought = introduced(Person.objects.create(), person)
    CreditGrant.objects.grant(person, 5, Kind.REFERRED, at=NOON, referral=brought, idem_key="credit")

    with pytest.raises(AssertionError, match="no money"):
        assert_rewards()
