"""The invariant of money sees the faults that it is there for."""

import pytest
from django.utils import timezone

from donations.models import Payment, SupportMail
from donations.tests.invariants import assert_money

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment():
    """Money that was paid."""
    now = timezone.now()
    return Payment.objects.create(
        kind="once", amount=500, currency="eur", payment_intent_id="pi_1", paid_at=now, created_at=now
    )


def receipt_of(payment, once):
    SupportMail.objects.create(kind="receipt", once=once, payment=payment, next_try_at=timezone.now())


def test_one_receipt_is_no_fault(payment):
    receipt_of(payment, "receipt:pi_1")

    assert_money()


def test_two_receipts_are_seen(payment):
    receipt_of(payment, "receipt:pi_1")
    receipt_of(payment, "receipt:again")

    with pytest.raises(AssertionError, match="two receipts"):
        assert_money()
