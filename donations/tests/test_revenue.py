"""What was paid, what is left of it, and what led to it."""

from datetime import UTC, datetime, timedelta

import pytest

from donations.models import Payment
from donations.money import Money
from donations.revenue import By, Which, differences, payers, revenue, totals
from telemetry.people.models import Person

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
START, END = NOON, NOON + timedelta(days=1)


@pytest.fixture
def paid(db):
    """`paid("pi_1", 1000)`: somebody new pays so much, unless it is said who."""

    def make(name, amount, *, person=None, currency="eur", at=NOON, **fields):
        payment, _made = Payment.objects.get_or_create(
            payment_intent_id=name,
            defaults={
                "kind": "once",
                "person": person or Person.objects.create(),
                "amount": amount,
                "currency": currency,
                "paid_at": at,
                "created_at": at,
                **fields,
            },
        )
        return payment

    return make


@pytest.fixture
def worked_case(paid):
    """Told twice, given back whole, given back in part; what failed is no payment."""
    paid("pi_1", 1000, placement="header")
    paid("pi_1", 1000, placement="header")
    paid("pi_2", 2000, placement="banner", amount_refunded=2000)
    paid("pi_3", 3000, placement="header", amount_refunded=500)


def test_the_worked_case_of_money(worked_case):
    (whole,) = totals(START, END)

    assert (whole.payers, whole.net_payers) == (3, 2)
    assert (whole.gross, whole.returned, whole.net) == (6000, 2500, 3500)
    assert whole.net_per(10) == Money(350, "eur")
    assert whole.net_per(whole.net_payers) == Money(1750, "eur")


def test_the_groups_are_the_payments_to_the_cent(worked_case):
    header, banner = revenue(START, END, By.PLACEMENT)

    assert (header.group, header.gross, header.net, header.net_payers) == ("header", 4000, 3500, 2)
    assert (banner.group, banner.gross, banner.net, banner.net_payers) == ("banner", 2000, 0, 0)
    assert differences((header, banner), totals(START, END)) == (Money(0, "eur"),)


def test_a_cent_that_is_missing_is_found(worked_case):
    header, _banner = revenue(START, END, By.PLACEMENT)

    assert differences((header,), totals(START, END)) == (Money(0, "eur"),)  # the other left nothing
    assert differences((), totals(START, END)) == (Money(-3500, "eur"),)


def test_a_lost_dispute_leaves_nothing_and_an_open_one_all(paid):
    paid("pi_1", 1000, dispute="lost", amount_refunded=200)
    paid("pi_2", 1000, dispute="open")

    (whole,) = totals(START, END)

    assert (whole.net, whole.net_payers, whole.returns) == (1000, 1, 1)


def test_currencies_are_never_added(paid):
    paid("pi_1", 1000)
    paid("pi_2", 1000, currency="jpy")

    assert [(each.currency, each.net) for each in totals(START, END)] == [("eur", 1000), ("jpy", 1000)]


def test_who_paid_twice_is_one_payer(paid):
    ada = Person.objects.create()
    paid("pi_1", 1000, person=ada)
    paid("pi_2", 500, person=ada, amount_refunded=500)

    (whole,) = totals(START, END)

    assert (whole.payments, whole.payers, whole.net_payers, whole.returns) == (2, 1, 1, 1)


def test_money_stays_when_its_person_is_erased(paid):
    paid("pi_1", 1000)
    Payment.objects.update(person=None)

    (whole,) = totals(START, END)

    assert (whole.net, whole.payers) == (1000, 0)


def test_the_days_are_half_open(paid):
    paid("pi_1", 1000, at=START)
    paid("pi_2", 2000, at=END)

    assert [each.gross for each in totals(START, END)] == [1000]


@pytest.mark.parametrize(
    ("which", "count"), [(Which.PAID, "payers"), (Which.KEPT, "net_payers"), (Which.RETURNED, "returns")]
)
def test_the_people_behind_are_as_many_as_the_number_says(worked_case, which, count):
    for part in revenue(START, END, By.PLACEMENT):
        people = payers(START, END, which, currency=part.currency, placement=part.group or "")
        assert people.count() == getattr(part, count)


@pytest.mark.parametrize(("net", "people", "each"), [(100, 3, 33), (200, 3, 67), (5, 2, 3)])
def test_a_share_is_rounded_half_up(paid, net, people, each):
    paid("pi_1", net)
    (whole,) = totals(START, END)

    assert whole.net_per(people) == Money(each, "eur")
    assert whole.net_per(0) is None
