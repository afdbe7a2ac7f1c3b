"""Friends who pay, and what everybody has of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from donations.models import Payment, Supporter
from donations.reversals import Cause, Reversal
from donations.signals import membership_paid, payment_reinstated, payment_reversed
from referrals.models import CreditGrant, Referral, ReferralCode
from referrals.tests.invariants import assert_credit, assert_rewards
from telemetry.people.models import Person

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
D = timedelta(days=45)

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

numbers = count(1)


def a_code(number: int) -> str:
    """A code of its own for each number."""
    letters = []
    for _place in range(8):
        number, letter = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[letter])
    return "".join(letters)


def somebody(name: str = "", *, joined: datetime = NOON - 9 * DAY, **account: Any) -> Person:
    """A person with an account; nobody's address is like another's."""
    word = name or "".join(chr(ord("a") + int(digit)) * 3 for digit in f"{next(numbers):04d}")
    address = word if "@" in word else f"{word}@growth.example"
    user = get_user_model().objects.create_user(address, date_joined=joined, **account)
    return Person.objects.create(account=user, signed_up_at=joined, sign_up_stated=True)


def introduced(
    referrer: Person | None, referred: Person | None = None, at: datetime = NOON, **columns: Any
) -> Referral:
    """A friend came by a link, signed up and confirmed; they have not paid at `at`."""
    owner = referrer or somebody()
    code = ReferralCode.objects.filter(person=owner).first()
    code = code or ReferralCode.objects.create(person=owner, code=a_code(next(numbers)), created_at=NOON)
    friend = referred or somebody(joined=at - HOUR)
    stated = {"captured_at": at - 2 * HOUR, "created_at": at - HOUR, "confirmed_at": at - HOUR}
    return Referral.objects.create(
        code=code, referrer=referrer, referred=friend, **{"state": "pending", **stated, **columns}
    )


def a_payment(person: Person | None, at: datetime = NOON, **columns: Any) -> Payment:
    """Real money for a membership."""
    number = next(numbers)
    stated = {"amount": 500, "currency": "eur", "paid_at": at, "created_at": at, "kind": "membership"}
    ids = {"invoice_id": f"in_{number}", "payment_intent_id": f"pi_{number}", "charge_id": f"ch_{number}"}
    return Payment.objects.create(person=person, **{**stated, **ids, **columns})


def settle(payment: Payment, at: datetime | None = None) -> Payment:
    """What settles a payment: its signal, in one transaction."""
    with transaction.atomic():
        membership_paid.send(sender=Payment, payment=payment, at=at or payment.paid_at)
    return payment


def pays(person: Person | None, at: datetime = NOON, **columns: Any) -> Payment:
    """A friend pays, and it settles."""
    return settle(a_payment(person, at, **columns))


def a_friend_paid(referrer: Person, at: datetime = NOON, network: str = "", **columns: Any) -> Payment:
    """Somebody brought a friend, who paid."""
    return pays(introduced(referrer, at=at, network_digest=network).referred, at, **columns)


def refund(payment: Payment, amount: int | None = None, at: datetime = NOON + DAY) -> None:
    """Money goes back: all of it, or so much altogether."""
    payment.amount_refunded = payment.amount if amount is None else amount
    payment.save()
    _tell(payment_reversed, payment, Reversal(Cause.REFUND, f"re_{payment.pk}", is_final=True), at)


def refund_fails(payment: Payment, at: datetime = NOON + DAY) -> None:
    """The refund did not arrive."""
    payment.amount_refunded = 0
    payment.save()
    _tell(payment_reinstated, payment, Reversal(Cause.REFUND, f"re_{payment.pk}", is_final=True), at)


def dispute(payment: Payment, at: datetime = NOON + DAY) -> None:
    """The bank takes the money for the time being."""
    _disputed(payment, Payment.Dispute.OPEN, payment_reversed, at, is_final=False)


def wins(payment: Payment, at: datetime = NOON + 2 * DAY) -> None:
    """The bank gives it back."""
    _disputed(payment, Payment.Dispute.WON, payment_reinstated, at, is_final=True)


def loses(payment: Payment, at: datetime = NOON + 2 * DAY) -> None:
    """The bank keeps it."""
    _disputed(payment, Payment.Dispute.LOST, payment_reversed, at, is_final=True)


def warns(payment: Payment, at: datetime = NOON + DAY) -> None:
    """The card's network fears a fraud; no money moves."""
    payment.is_fraudulent = True
    payment.save()
    _tell(payment_reversed, payment, Reversal(Cause.FRAUD, f"issfr_{payment.pk}", is_final=False), at)


def _disputed(payment: Payment, outcome: str, signal: Any, at: datetime, *, is_final: bool) -> None:
    payment.dispute = outcome
    payment.save()
    _tell(signal, payment, Reversal(Cause.DISPUTE, f"dp_{payment.pk}", is_final=is_final), at)


def _tell(signal: Any, payment: Payment, reversal: Reversal, at: datetime) -> None:
    with transaction.atomic():
        signal.send(sender=Payment, payment=payment, reversal=reversal, at=at)


def until(person: Person | None) -> datetime | None:
    """Until when somebody has credit; nobody has none."""
    return Supporter.objects.filter(person=person).values_list("credit_until", flat=True).first()


def gives(person: Person, days: int, at: datetime = NOON, actor: Any = None, **columns: Any) -> CreditGrant:
    """Staff give somebody days."""
    by = actor or get_user_model().objects.get_or_create(email="staff@growth.example", is_staff=True)[0]
    columns = {"note": "They were kind.", "idem_key": f"admin:{next(numbers)}", **columns}
    return CreditGrant.objects.grant(person, days, "admin", at=at, actor=by, **columns)


def uses_database(request: pytest.FixtureRequest) -> bool:
    """Whether there is anything to look at after the test."""
    fixtures = {"db", "transactional_db"} & set(request.fixturenames)
    return bool(fixtures or request.node.get_closest_marker("django_db"))


@pytest.fixture(autouse=True)
def the_ledger_is_what_it_says(request: pytest.FixtureRequest, _django_db_helper: None) -> Iterator[None]:
    """After every test of this app: what is projected is what the ledger comes to (I1)."""
    yield
    if uses_database(request):
        assert_credit()


@pytest.fixture(autouse=True)
def a_payment_rewards_once(request: pytest.FixtureRequest, _django_db_helper: None) -> Iterator[None]:
    """After every test of this app: money for a membership is behind each reward, once (I2)."""
    yield
    if uses_database(request):
        assert_rewards()


@pytest.fixture
def ada(db: None) -> Person:
    """Who shares her code."""
    return somebody("ada")


@pytest.fixture
def bob(db: None) -> Person:
    """Who came by it."""
    return somebody("bob", joined=NOON - HOUR)


@pytest.fixture
def brought(ada: Person, bob: Person) -> Referral:
    """Ada brought Bob; he has not paid."""
    return introduced(ada, bob)


@pytest.fixture
def code(ada: Person) -> ReferralCode:
    """What Ada shares."""
    return ReferralCode.objects.issue_to(ada, at=NOON)


@pytest.fixture
def linked(code: ReferralCode) -> Callable[[Person], Referral]:
    """`linked(person)`: somebody who signed up by Ada's code, not confirmed yet."""

    def link(person: Person) -> Referral:
        referral = Referral.objects.link(person, code, captured_at=NOON - DAY, at=NOON)
        assert referral is not None
        return referral

    return link
