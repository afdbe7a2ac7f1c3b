"""A key is paid for, made, shown and taken back."""

from datetime import timedelta

import pytest

from donations.keys import verify
from donations.models import Checkout, Payment, SupporterKey
from donations.tests.keys.conftest import NOON, PRIVATE, signed
from telemetry.operations.models import Alert, AuditEntry
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=3)


@pytest.fixture(autouse=True)
def issuer(settings):
    """This installation holds the private key."""
    settings.SUPPORT_KEY_PRIVATE = PRIVATE


@pytest.fixture
def ada():
    return Person.objects.create()


@pytest.fixture
def pay():
    """`pay(person, system_id=…, kind=…)`: a paid order."""

    def pay(person, system_id="", kind="key"):
        number = Payment.objects.count()
        checkout = Checkout.objects.create(
            person=person,
            kind="key",
            amount=2500,
            currency="eur",
            system_id=system_id,
            idempotency_key=f"checkout:{number}",
            created_at=NOON,
        )
        return Payment.objects.create(
            kind=kind,
            person=person,
            checkout=checkout,
            payment_intent_id=f"pi_{number}",
            amount=2500,
            currency="eur",
            paid_at=NOON,
            created_at=NOON,
        )

    return pay


def issue(payment, at=NOON):
    return SupporterKey.objects.issue_for(payment, at=at)


def refund(payment, amount):
    payment.amount_refunded = amount
    payment.save(update_fields=["amount_refunded"])
    return SupporterKey.objects.follow_money_of(payment, at=LATER)


def test_a_paid_order_makes_the_key_of_its_system_id(pay, ada):
    key = issue(pay(ada, "another-installation"))

    assert (key.person, key.system_id, key.stands) == (ada, "another-installation", False)
    assert verify(key.signature, "another-installation")
    assert AuditEntry.objects.get().action == "supporter_key.issued"


def test_a_payment_makes_one_key(pay, ada):
    payment = pay(ada)

    assert issue(payment) == issue(payment, LATER)
    assert SupporterKey.objects.count() == AuditEntry.objects.count() == 1


def test_a_key_for_this_installation_counts_at_once(pay, ada, system_id):
    for key in (issue(pay(ada)), issue(pay(Person.objects.create(), system_id))):
        assert key.system_id == system_id
        assert key.stands
        assert list(SupporterKey.objects.covering(key.person).standing()) == [key]


def test_a_second_key_for_this_installation_waits_beside_the_first(pay, ada):
    first, second = issue(pay(ada)), issue(pay(ada))

    assert (first.stands, second.stands) == (True, False)


def test_a_guest_gets_a_key_and_nobody_becomes_a_supporter(pay, system_id):
    key = issue(pay(None))

    assert key.signature == signed(system_id)
    assert not SupporterKey.objects.standing().exists()


@pytest.mark.parametrize("kind", ["once", "membership", "renewal"])
def test_other_payments_make_no_key(pay, ada, kind):
    assert issue(pay(ada, kind=kind)) is None
    assert not SupporterKey.objects.exists()


def test_without_the_private_key_staff_are_told_and_it_is_made_later(pay, ada, settings):
    payment, settings.SUPPORT_KEY_PRIVATE = pay(ada), ""
    assert issue(payment) is None
    assert Alert.objects.open().get().key == "donations:key-unissued"

    settings.SUPPORT_KEY_PRIVATE = PRIVATE
    assert issue(payment, LATER).stands


def test_a_key_whose_money_went_back_is_out_of_use(pay, ada):
    payment = pay(ada)
    key = issue(payment)

    assert not refund(payment, 2499)
    assert refund(payment, 2500)
    assert not refund(payment, 2500)
    key.refresh_from_db()
    assert key.deactivated_at == LATER
    assert not SupporterKey.objects.covering(ada).standing().exists()


def test_a_lost_dispute_takes_the_key_too(pay, ada):
    payment = pay(ada)
    issue(payment)
    payment.dispute = Payment.Dispute.LOST

    assert SupporterKey.objects.follow_money_of(payment, at=LATER)


def test_a_refund_of_something_else_takes_no_key(pay, ada):
    issue(pay(ada))

    assert not refund(pay(ada, kind="once"), 2500)
    assert SupporterKey.objects.of(ada).standing().exists()
