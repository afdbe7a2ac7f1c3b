"""Who supports the product at a moment, and by what."""

from datetime import UTC, datetime, timedelta

import pytest

from donations.keys import this_system_id
from donations.models import Supporter, SupporterKey
from donations.standing import Support, support_counts, supporting
from donations.tests.keys.conftest import PUBLIC, signed
from telemetry.people.models import Person

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
YEAR = timedelta(days=365)


@pytest.fixture
def supporter(db):
    """`supporter(tier="paid")`: somebody new."""

    def make(**fields):
        return Supporter.objects.create(person=Person.objects.create(), **fields).person

    return make


@pytest.mark.parametrize(
    ("fields", "ways"),
    [
        ({}, set()),
        ({"tier": "paid"}, {Support.PAID}),
        ({"tier": "paid", "grace_until": NOON + MOMENT}, {Support.PAID, Support.GRACE}),
        ({"tier": "paid", "grace_until": NOON}, set()),
        ({"credit_until": NOON + MOMENT}, {Support.CREDIT}),
        ({"credit_until": NOON}, set()),
        ({"last_gift_at": NOON - YEAR + MOMENT}, {Support.GIFT}),
        ({"last_gift_at": NOON - YEAR}, set()),
        ({"tier": "paid", "credit_until": NOON + MOMENT}, {Support.PAID, Support.CREDIT}),
    ],
)
def test_the_ways_end_at_their_moment(supporter, fields, ways):
    person = supporter(**fields)
    expected = ways | ({Support.ANY} if ways else set())

    assert {how for how, count in support_counts(NOON, None).items() if count} == expected
    assert {how for how in Support if person in supporting(how, NOON, None)} == expected


def test_paid_access_is_what_the_row_itself_says(supporter):
    for fields in ({"tier": "paid"}, {"tier": "paid", "grace_until": NOON}, {"credit_until": NOON}):
        person = supporter(**fields)
        told = any(person in supporting(how, NOON, None) for how in (Support.PAID, Support.CREDIT))
        assert told == person.supporter.has_paid_access(NOON)


def test_a_key_counts_until_it_is_deactivated_and_two_count_once(supporter):
    person = supporter()
    for number in range(2):
        SupporterKey.objects.create(
            person=person,
            system_id=f"s{number}",
            signature=f"k{number}",
            method="hmac",
            verified_at=NOON,
            deactivated_at=NOON if number else None,
            created_at=NOON,
        )
    assert support_counts(NOON, None)[Support.KEY] == 1

    SupporterKey.objects.update(deactivated_at=NOON)
    assert support_counts(NOON, None)[Support.KEY] == 0


@pytest.mark.django_db
def test_whoever_entered_a_key_and_did_nothing_else_supports_it(settings):
    settings.SUPPORT_KEY_PUBLIC = PUBLIC
    person = Person.objects.create()

    SupporterKey.objects.accept(signed(this_system_id(NOON)), person=person, by=None, at=NOON)

    assert list(supporting(Support.KEY, NOON, None)) == [person]
    assert support_counts(NOON, None)[Support.ANY] == 1
