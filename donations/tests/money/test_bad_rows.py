"""What the database refuses by itself, whoever writes it."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from donations.models import Checkout, Payment, StripeErrand, Supporter
from donations.settlement.parties import Party
from donations.settlement.payments import Paid, record_payment
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db


def checkout(**fields):
    """A checkout of five euros, but for what is said."""
    good = {"kind": "once", "amount": 500, "currency": "eur", "idempotency_key": "k"}
    return Checkout.objects.create(created_at=timezone.now(), **good | fields)


def payment(**fields):
    """Five euros that were given, but for what is said."""
    good = {"kind": "once", "amount": 500, "currency": "eur", "payment_intent_id": "pi_1"}
    return Payment.objects.create(paid_at=timezone.now(), created_at=timezone.now(), **good | fields)


def refund(**fields):
    """A refund of all of it, but for what is said."""
    good = {"kind": "refund", "object_id": "pi_1", "key": "k", "payment": payment(), "amount": 500}
    return StripeErrand.objects.create(next_try_at=timezone.now(), **good | fields)


def supporter(**fields):
    """Somebody who pays for nothing, but for what is said."""
    return Supporter.objects.create(person=Person.objects.create(), **fields)


BAD = [
    ("checkout_amount_is_positive", checkout, {"amount": 0}),
    ("checkout_kind_is_known", checkout, {"kind": "yearly"}),
    ("a_refund_is_of_a_payment", refund, {"payment": None}),
    ("a_refund_is_of_a_payment", refund, {"amount": None}),
    ("a_refund_is_of_a_payment", refund, {"amount": 0}),
    ("a_payment_is_of_money", payment, {"amount": 0}),
    ("no_more_comes_back_than_was_paid", payment, {"amount_refunded": 501}),
    ("a_payment_has_an_id_at_stripe", payment, {"payment_intent_id": None}),
    ("supporter_tier_is_known", supporter, {"tier": "gold"}),
]


@pytest.mark.parametrize(("constraint", "make", "bad"), BAD)
def test_a_bad_row_is_refused_by_its_constraint(constraint, make, bad):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make(**bad)


@pytest.mark.parametrize("make", [checkout, payment, refund, supporter])
def test_a_row_like_these_that_is_good_is_taken(make):
    assert make().pk


def test_a_refusal_that_no_row_of_the_same_payment_explains_is_raised():
    nothing = Paid("once", 0, "eur", timezone.now(), payment_intent_id="pi_1")

    with pytest.raises(IntegrityError, match="a_payment_is_of_money"), transaction.atomic():
        record_payment(nothing, Party(), None, at=timezone.now())

    assert not Payment.objects.exists()
