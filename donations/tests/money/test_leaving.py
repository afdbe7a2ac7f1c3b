"""Who leaves pays no more; what they paid stays without them."""

import pytest
from django.utils import timezone

from donations.models import (
    Checkout,
    DevelopmentObject,
    DonationInteraction,
    Payment,
    StripeCustomer,
    StripeErrand,
    StripeEvent,
    Subscription,
    Supporter,
    SupportMail,
)
from donations.signals import membership_paid
from donations.tests.money.conftest import deliver, somebody, work
from telemetry.models import Alert
from telemetry.people.claim import claim
from telemetry.people.erasure import erase
from telemetry.people.models import Person


@pytest.fixture
def member(shop, person, settle):
    """Somebody who pays every month, gave once and has begun to give again."""
    settle(shop.pay(person))
    settle(shop.pay(person, "once", 1000, prompt="seven_day"))
    shop.begin(person, "once")
    return person


def delete_the_account(person):
    person.account.delete()


def erase_the_person(person):
    erase(person, at=timezone.now())


def sign_in(visitor, target):
    claim(visitor, target.account, at=timezone.now())


@pytest.mark.parametrize("leave", [delete_the_account, erase_the_person])
def test_what_they_pay_ends_at_stripe_and_what_they_began_is_closed(leave, member, stripe):
    leave(member)
    assert set(StripeErrand.objects.values_list("kind", flat=True)) == {"cancel", "expire", "forget"}
    work()

    assert stripe.only("subscription")["status"] == "canceled"
    assert Subscription.objects.get().status == "canceled"
    assert Checkout.objects.filter(state="expired").count() == 1
    assert DevelopmentObject.objects.filter(body__object="customer", body__deleted=True).count() == 1
    assert StripeCustomer.objects.get().deleted_at is not None
    assert not StripeErrand.objects.exclude(state="done").exists()
    assert not Alert.objects.exists()


def test_totals_stay_without_the_person(member):
    kept = ("amount", "amount_refunded", "placement", "prompt", "choice", "variant")
    before = sorted(Payment.objects.values_list(*kept))

    delete_the_account(member)

    assert sorted(Payment.objects.values_list(*kept)) == before
    assert {row[3:] for row in before} == {("", "5", "control"), ("seven_day", "5", "control")}
    assert not Payment.objects.exclude(person=None, card_digest="", customer_id="").exists()
    assert not DonationInteraction.objects.exists()
    assert not Supporter.objects.exists()
    assert not SupportMail.objects.exists()


def test_payloads_that_name_them_are_emptied_and_those_of_others_stay(member, shop, settle):
    settle(shop.pay(other := somebody()))
    about_others = StripeEvent.objects.filter(payload__icontains=str(other.public_id)).count()
    assert about_others

    delete_the_account(member)

    kept = StripeEvent.objects.filter(payload__isnull=False)
    assert kept.filter(payload__icontains=str(other.public_id)).count() == about_others
    assert not kept.filter(payload__icontains=str(member.public_id)).exists()


def test_what_stripe_tells_of_them_later_gives_nobody_anything_and_money_is_recorded(member, stripe):
    heard = []
    membership_paid.connect(hear := lambda **told: heard.append(told))
    subscription = Subscription.objects.get().stripe_id
    charge = Payment.objects.get(kind="once").charge_id
    delete_the_account(member)

    told = [*stripe.renews(subscription), *stripe.refunds(charge)]
    deliver([*told, *stripe.cancels(subscription, at_once=True)])
    work()
    membership_paid.disconnect(hear)

    assert not StripeEvent.objects.exclude(state="done").exists()
    assert heard == []
    assert Payment.objects.get(kind="renewal").person is None
    assert Payment.objects.get(kind="once").net.amount == 0
    assert not SupportMail.objects.exists()
    assert not Alert.objects.exists()


def test_who_is_erased_before_we_heard_of_the_payment_pays_once_and_gets_no_mail(shop, stripe, person):
    told = shop.pay(person)
    delete_the_account(person)

    deliver(told)
    work()
    deliver(stripe.untold())
    work()

    assert stripe.only("subscription")["status"] == "canceled"
    assert Payment.objects.get().person is None
    assert StripeCustomer.objects.get().person is None
    assert StripeCustomer.objects.get().deleted_at is not None
    assert not SupportMail.objects.exists()
    assert not StripeEvent.objects.filter(payload__isnull=False).exists()


def test_what_a_visitor_gave_is_the_account_s_after_signing_in(shop, stripe, settle):
    visitor, target = Person.objects.create(), somebody()
    visitor.aliases.create(kind="visitor", value="v1")
    checkout = shop.begin(visitor)
    told = stripe.pays(checkout.session_id)
    deliver(told[:1])
    work()

    sign_in(visitor, target)
    deliver(told[1:])
    work()

    for model in (StripeCustomer, Checkout, Subscription, Payment, DonationInteraction):
        assert model.objects.get().person == target
    assert Supporter.objects.get(person=target).tier == "paid"
    assert not Supporter.objects.filter(person=visitor).exists()


def test_preferences_of_the_account_win_when_two_are_one(shop, settle):
    visitor, target = Person.objects.create(), somebody()
    visitor.aliases.create(kind="visitor", value="v1")
    Supporter.objects.create(person=target, never_ask=True)
    settle(shop.pay(visitor, "once"))

    sign_in(visitor, target)

    supporter = Supporter.objects.get()
    assert (supporter.person, supporter.never_ask) == (target, True)
    assert supporter.last_gift_at is not None


def test_two_memberships_of_one_person_are_one_and_a_duplicate(shop, settle):
    visitor, target = Person.objects.create(), somebody()
    visitor.aliases.create(kind="visitor", value="v1")
    settle(shop.pay(target))
    settle(shop.pay(visitor))

    sign_in(visitor, target)

    first, second = Subscription.objects.order_by("pk")
    assert (first.duplicate_of, second.duplicate_of, second.person) == (None, first, target)
    assert Alert.objects.open().filter(key=f"stripe:two-memberships:{second.stripe_id}").exists()


@pytest.mark.django_db
def test_what_a_visitor_said_is_kept_where_the_account_said_nothing():
    visitor, target = Person.objects.create(), somebody()
    visitor.aliases.create(kind="visitor", value="v1")
    Supporter.objects.create(person=visitor, never_ask=True)

    sign_in(visitor, target)

    assert Supporter.objects.get().person == target
    assert Supporter.objects.get().never_ask
