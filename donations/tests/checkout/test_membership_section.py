"""What the settings say of money."""

from datetime import timedelta

import pytest
from django.utils import timezone

from donations.membership import SHOWN, Membership
from donations.models import Payment, StripeEvent, Subscription, Supporter


@pytest.fixture
def tell(stripe):
    """`tell(told)`: deliver and work on it."""
    from donations.inbox import accept

    def tell(told):
        now = timezone.now()
        for one in told:
            accept(one.body, one.signature, now=now)
        StripeEvent.objects.due(now).drain()

    return tell


@pytest.fixture
def member(begin, person, stripe, tell):
    tell(stripe.pays(begin(person, kind="monthly", at=timezone.now()).session_id))
    return Subscription.objects.get(person=person)


@pytest.fixture
def read(client, account):
    """`read()`: the section, as its owner reads it."""
    client.force_login(account)

    def read():
        page = client.get("/settings/").content.decode()
        return page.partition('id="membership-section"')[2].partition("</section>")[0]

    return read


def test_nobody_in_particular_has_nothing(db):
    assert Membership.of(None, at=timezone.now()) == Membership()


def test_without_a_membership_the_price_is_named(read):
    assert "No membership" in read()
    assert "€5 a month" in read()


def test_a_member_sees_what_they_pay_and_until_when(read, member):
    section = read()

    assert "Member, €5 a month" in section
    assert "Paid until" in section
    assert "Change or cancel" in section
    assert Payment.objects.get().reference in section


def test_a_smaller_monthly_gift_is_called_a_gift(read, begin, person, stripe, tell):
    tell(stripe.pays(begin(person, kind="monthly", amount=300, at=timezone.now()).session_id))

    assert "A gift of €3 a month" in read()


def test_a_cancelled_membership_says_when_it_ends(read, member, stripe, tell):
    tell(stripe.cancels(member.stripe_id))

    assert "Ends on" in read()


def test_past_due_says_what_to_do_and_how_long_it_stays(read, member, stripe, tell):
    tell(stripe.fails_to_renew(member.stripe_id))

    assert "everything stays as it is" in read()
    assert "Put it right" in read()


def test_once_the_grace_is_over_it_says_so(read, member, stripe, tell):
    tell(stripe.fails_to_renew(member.stripe_id))
    Subscription.objects.update(past_due_since=timezone.now() - timedelta(days=8))

    assert "Paid access has ended" in read()


def test_credit_is_named_with_its_end(read, person):
    Supporter.objects.create(person=person, credit_until=timezone.now() + timedelta(days=45))

    assert "Paid access by credit until" in read()


def test_what_went_back_is_marked(read, begin, person, stripe, tell):
    for amount in (None, 200):
        checkout = begin(person, at=timezone.now())
        tell(stripe.pays(checkout.session_id))
        tell(stripe.refunds(stripe.charge_of(checkout.session_id).id, amount))

    assert "given back" in read()
    assert "€3 kept" in read()


def test_the_latest_payments_are_listed(read, person, begin, stripe, tell):
    for _ in range(SHOWN + 1):
        tell(stripe.pays(begin(person, at=timezone.now()).session_id))

    assert read().count("Receipt pi_") == SHOWN
    assert "These are the latest" in read()
