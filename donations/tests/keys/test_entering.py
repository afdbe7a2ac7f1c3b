"""A key is entered: by a person, or by staff for everybody here."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from donations.keys import KeyRefused, Method, Refusal
from donations.models import SupporterKey
from donations.tests.keys.conftest import NOON, sealed, signed
from telemetry.operations.limits import LimitReached
from telemetry.operations.models import AuditEntry
from telemetry.people.erasure import erase
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return Person.objects.create()


@pytest.fixture
def staff():
    return get_user_model().objects.create_superuser("root@example.org")


@pytest.fixture
def enter(system_id):
    """`enter(person)`: the right key; `enter(person, key)`: any."""

    def enter(person, key="", at=NOON, by=None):
        return SupporterKey.objects.accept(key or signed(system_id), person=person, by=by, at=at)

    return enter


def actions():
    """What the audit log says, first to last."""
    return [entry.action for entry in AuditEntry.objects.order_by("pk")]


def test_a_valid_key_makes_a_supporter_of_one(enter, ada, system_id):
    key = enter(ada)

    assert (key.person, key.system_id, key.method, key.verified_at) == (ada, system_id, Method.ED25519, NOON)
    assert list(SupporterKey.objects.covering(ada).standing()) == [key]
    assert not SupporterKey.objects.covering(Person.objects.create()).standing().exists()


def test_it_is_kept_without_the_spaces_that_mail_added(enter, ada, system_id):
    key = signed(system_id)

    assert enter(ada, f"\n {key[:30]}\r\n{key[30:]} ").signature == key


def test_entered_again_it_is_the_same(enter, ada, settings, system_id):
    settings.SUPPORT_KEY_SECRET = "other"

    first = enter(ada)
    assert enter(ada) == enter(ada, sealed(system_id, "other")) == first
    assert actions() == ["supporter_key.accepted"]


def test_a_refusal_leaves_its_reason_and_no_key(enter, ada):
    with pytest.raises(KeyRefused) as refused:
        enter(ada, signed("another installation"))

    assert refused.value.why is Refusal.INVALID
    assert not SupporterKey.objects.exists()
    assert [(entry.action, entry.after) for entry in AuditEntry.objects.all()] == [
        ("supporter_key.refused", {"why": "invalid"})
    ]


def test_the_audit_log_never_holds_a_key(enter, ada, staff, system_id):
    enter(ada, by=staff).deactivate(by=staff, at=NOON, cause="shared")
    with pytest.raises(KeyRefused):
        enter(ada, "wrong" * 10)

    said = repr(list(AuditEntry.objects.values_list("action", "object", "before", "after", "cause")))
    assert signed(system_id) not in said
    assert "wrongwrong" not in said


def test_somebody_may_try_ten_times_in_a_quarter_of_an_hour(enter, ada):
    for _ in range(10):
        with pytest.raises(KeyRefused):
            enter(ada, "wrong")

    with pytest.raises(LimitReached):
        enter(ada)
    enter(Person.objects.create())
    enter(ada, at=NOON + timedelta(minutes=15))


def test_a_key_that_staff_deactivated_cannot_be_entered_again(enter, ada, staff):
    key = enter(ada)

    assert key.deactivate(by=staff, at=NOON, cause="shared")
    assert not key.deactivate(by=staff, at=NOON, cause="shared")
    assert not SupporterKey.objects.covering(ada).standing().exists()
    with pytest.raises(KeyRefused) as refused:
        enter(ada)
    assert refused.value.why is Refusal.DEACTIVATED
    assert enter(Person.objects.create()).stands


def test_staff_put_a_key_back_into_use(enter, ada, staff):
    key = enter(ada)
    key.deactivate(by=staff, at=NOON, cause="shared")

    assert key.reactivate(by=staff, at=NOON, cause="a mistake")
    assert not key.reactivate(by=staff, at=NOON, cause="a mistake")
    assert key.stands
    assert enter(ada) == key
    assert actions()[1:] == ["supporter_key.deactivated", "supporter_key.reactivated"]


def test_a_key_of_everybody_covers_everybody(ada, staff, system_id):
    key = SupporterKey.objects.accept_for_everybody(signed(system_id), by=staff, at=NOON)

    assert key.person is None
    assert list(SupporterKey.objects.covering(ada).standing()) == [key]
    assert SupporterKey.objects.accept_for_everybody(signed(system_id), by=staff, at=NOON) == key
    assert AuditEntry.objects.get().actor == staff


def test_of_everybody_staff_may_enter_a_key_again_that_staff_deactivated(staff, system_id):
    SupporterKey.objects.accept_for_everybody(signed(system_id), by=staff, at=NOON).deactivate(
        by=staff, at=NOON, cause="sold"
    )

    assert SupporterKey.objects.accept_for_everybody(signed(system_id), by=staff, at=NOON).stands


def row(**fields):
    return SupporterKey.objects.create(
        **{"system_id": "x", "signature": "y", "method": "hmac", "created_at": NOON} | fields
    )


def test_the_database_refuses_a_second_key_that_counts(ada):
    for owner in ({"person": ada}, {"is_for_everybody": True}):
        row(verified_at=NOON, **owner)
        row(**owner)
        with pytest.raises(IntegrityError), transaction.atomic():
            row(verified_at=NOON, **owner)


def test_the_database_refuses_a_key_for_everybody_with_an_owner(ada):
    with pytest.raises(IntegrityError):
        row(person=ada, is_for_everybody=True)


def test_another_key_stays_out_of_use_beside_the_one_that_counts(ada, staff):
    out_of_use, unverified = row(person=ada, verified_at=NOON, deactivated_at=NOON), row(person=ada)
    row(person=ada, verified_at=NOON)

    assert not out_of_use.reactivate(by=staff, at=NOON, cause="a mistake")
    assert not unverified.mark_verified(NOON)
    assert not AuditEntry.objects.exists()


def test_whoever_is_claimed_brings_a_key(enter, ada, staff):
    key, other = enter(ada), Person.objects.create()

    SupporterKey.objects.move(ada, other)
    key.refresh_from_db()
    assert (key.person, key.stands) == (other, True)


def test_of_two_keys_the_accounts_goes_on(enter, ada):
    other = Person.objects.create()
    brought, own = enter(ada), enter(other)

    SupporterKey.objects.move(ada, other)
    assert list(SupporterKey.objects.of(other).standing()) == [own]
    assert SupporterKey.objects.of(other).filter(pk=brought.pk).exists()


def test_erasure_takes_the_key_with_its_person(enter, ada):
    enter(ada)
    erase(ada, at=NOON)

    assert not SupporterKey.objects.exists()
