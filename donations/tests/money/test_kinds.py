"""What is a membership, what is a gift, and what is neither."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from donations import gateway, pictures
from donations.development.happening import Card
from donations.fulfilment import fulfil
from donations.membership import Membership
from donations.models import (
    Checkout,
    DevelopmentObject,
    DonationInteraction,
    Payment,
    StripeCustomer,
    StripeEvent,
    Subscription,
    Supporter,
    SupportMail,
)
from donations.models.supporter import Tier
from donations.settlement.purchases import settle as settle_picture
from donations.signals import membership_paid
from donations.tests.money.conftest import deliver, somebody, work
from telemetry.models import Alert, Event


@pytest.fixture
def conversions():
    """Payments that the floors above heard of as membership."""
    heard = []

    def hear(payment, **_kwargs):
        heard.append(payment)

    membership_paid.connect(hear)
    yield heard
    membership_paid.disconnect(hear)


def subscription_of(person):
    return Subscription.objects.get(person=person).stripe_id


def test_a_gift_is_remembered_and_gives_no_access(shop, person, settle, conversions):
    settle(shop.pay(person, "once", 1000))

    payment, supporter = Payment.objects.get(), Supporter.objects.get(person=person)
    assert (payment.kind, payment.amount, payment.placement) == ("once", 1000, "header")
    assert (supporter.tier, supporter.last_gift_at) == (Tier.FREE, payment.paid_at)
    assert conversions == []


def test_less_a_month_than_a_membership_costs_is_a_gift(shop, person, settle, conversions):
    settle(shop.pay(person, "monthly", 499))

    supporter = Supporter.objects.get(person=person)
    assert (supporter.tier, supporter.last_gift_at) == (Tier.FREE, Payment.objects.get().paid_at)
    assert conversions == []


def test_as_much_a_month_in_another_currency_is_a_gift(shop, person, settle, conversions, settings):
    settings.SUPPORT_CURRENCY = "chf"  # the checkout is of euros

    settle(shop.pay(person))

    assert (Payment.objects.get().currency, Subscription.objects.get().is_membership) == ("eur", False)
    assert Supporter.objects.get(person=person).tier == Tier.FREE
    assert conversions == []


def test_another_currency_from_now_on_ends_nobody_s_membership(shop, stripe, person, settle, settings):
    settle(shop.pay(person))
    settings.SUPPORT_CURRENCY = "chf"

    settle(stripe.renews(subscription_of(person)))

    assert Supporter.objects.get(person=person).tier == Tier.PAID


def test_a_price_raised_later_ends_nobody_s_membership(shop, stripe, person, settle, settings):
    settle(shop.pay(person))
    settings.SUPPORT_MEMBERSHIP_PRICE = 900

    settle(stripe.renews(subscription_of(person)))

    assert Supporter.objects.get(person=person).tier == Tier.PAID


def test_a_renewal_is_one_more_payment_and_no_step_of_the_funnel(shop, stripe, person, settle, conversions):
    settle(shop.pay(person))
    told = stripe.renews(subscription_of(person))

    settle(told)
    settle([stripe.again(one) for one in told])

    assert list(Payment.objects.order_by("pk").values_list("kind", "placement")) == [
        ("membership", "header"),
        ("renewal", "header"),
    ]
    assert DonationInteraction.objects.count() == 1
    assert Event.objects.filter(type__name="payment.renewed").count() == 1
    assert SupportMail.objects.filter(kind="receipt").count() == 2
    assert len(conversions) == 2  # whoever rewards knows that the first one was


def test_nothing_due_is_no_payment_and_no_reward(shop, stripe, person, settle, conversions):
    settle(stripe.pays(shop.begin(person).session_id, off=500))

    assert Supporter.objects.get(person=person).tier == Tier.PAID
    assert Checkout.objects.get().state == "paid"
    assert not Payment.objects.exists()
    assert conversions == []

    settle(stripe.renews(subscription_of(person)))
    assert [payment.amount for payment in conversions] == [500]


def test_a_tier_that_staff_gave_is_not_taken_by_a_gift_and_its_owner_converts(
    shop, person, settle, conversions
):
    Supporter.objects.create(person=person, tier=Tier.PAID)

    settle(shop.pay(person, "once"))
    assert Supporter.objects.get(person=person).tier == Tier.PAID

    settle(shop.pay(person))
    assert len(conversions) == 1


@pytest.mark.parametrize("status", ["incomplete", "incomplete_expired"])
def test_a_tier_that_staff_gave_is_not_taken_by_a_membership_that_never_began(
    status, shop, stripe, person, settle, conversions
):
    Supporter.objects.create(person=person, tier=Tier.PAID)
    checkout = shop.begin(person)
    told = stripe.pays_later(checkout.session_id)
    DevelopmentObject.objects.change(stripe.only("subscription"), status=status)

    settle(told)

    assert Subscription.objects.get().status == status
    assert Supporter.objects.get(person=person).tier == Tier.PAID
    assert (Payment.objects.count(), conversions) == (0, [])


def test_a_guest_gives_and_nobody_is_a_supporter_for_it(shop, settle):
    settle(shop.pay(None, "once"))

    assert Payment.objects.get().person is None
    assert SupportMail.objects.get().address == "donor@example.org"
    assert not Supporter.objects.exists()
    assert not DonationInteraction.objects.exists()


def test_a_guest_who_types_the_address_of_an_account_gives_that_account_nothing(shop, stripe, person, settle):
    checkout = shop.begin(None, "monthly")
    settle(stripe.pays(checkout.session_id, card=Card(email=person.account.email)))

    assert Payment.objects.get().person is None
    assert Subscription.objects.get().person is None
    assert not Supporter.objects.filter(person=person).exists()


def test_the_second_of_two_memberships_is_kept_marked_and_converts_nobody(shop, person, settle, conversions):
    settle(shop.pay(person))
    settle(shop.pay(person))

    first, second = Subscription.objects.order_by("pk")
    assert (first.duplicate_of, second.duplicate_of) == (None, first)
    assert list(Payment.objects.order_by("pk").values_list("needs_refund", flat=True)) == [False, True]
    assert Alert.objects.open().filter(key=f"stripe:two-memberships:{second.stripe_id}").exists()
    assert len(conversions) == 1


def test_the_tier_stays_while_one_of_two_memberships_runs(shop, stripe, person, settle):
    settle(shop.pay(person))
    settle(shop.pay(person))
    first, _second = Subscription.objects.order_by("pk")

    settle(stripe.cancels(first.stripe_id, at_once=True))

    assert Supporter.objects.get(person=person).tier == Tier.PAID


def test_once_the_first_of_two_memberships_ends_the_second_is_the_one_that_counts(
    shop, stripe, person, settle, conversions
):
    settle(shop.pay(person))
    settle(shop.pay(person))
    first, second = Subscription.objects.order_by("pk")

    settle(stripe.cancels(first.stripe_id, at_once=True))
    settle(stripe.renews(second.stripe_id))

    assert Membership.of(person, at=timezone.now()).subscription == second
    assert Payment.objects.get(kind="renewal").needs_refund is False
    assert len(conversions) == 2


def test_a_payment_that_takes_days_is_pending_then_paid_once(shop, stripe, person, settle):
    checkout = shop.begin(person, "once")
    settle(stripe.pays_later(checkout.session_id))
    checkout.refresh_from_db()
    assert (checkout.state, SupportMail.objects.count(), Payment.objects.count()) == ("processing", 0, 0)

    settle(stripe.money_arrives(checkout.session_id))
    checkout.refresh_from_db()
    assert (checkout.state, Payment.objects.count()) == ("paid", 1)
    assert SupportMail.objects.get().kind == "receipt"


def test_a_payment_that_never_arrives_is_failed_and_told_once(shop, stripe, person):
    checkout = shop.begin(person, "once")
    late = stripe.pays_later(checkout.session_id)
    failed = stripe.money_does_not_arrive(checkout.session_id)

    deliver([*failed, *late, *(stripe.again(one) for one in failed)])
    work()

    checkout.refresh_from_db()
    assert (checkout.state, Payment.objects.count()) == ("failed", 0)
    assert SupportMail.objects.get().kind == "payment_failed"


def test_a_checkout_that_nobody_paid_expires(shop, stripe, person, settle):
    checkout = shop.begin(person)

    settle(stripe.lets_expire(checkout.session_id))

    checkout.refresh_from_db()
    assert checkout.state == "expired"


def test_stripe_s_seconds_never_put_the_payment_before_the_checkout(shop, stripe, person, settle):
    checkout = shop.begin(person, "once")
    begun = timezone.now()
    Checkout.objects.update(created_at=begun)

    settle(stripe.pays(checkout.session_id, at=begun - timedelta(seconds=3)))

    assert DonationInteraction.objects.get().created_at == begun + timedelta(microseconds=1)
    assert Payment.objects.get().paid_at < begun


def test_the_success_page_settles_as_the_webhook_does_and_neither_does_it_twice(shop, stripe, person, settle):
    checkout = shop.begin(person)
    assert fulfil(checkout.session_id, now=timezone.now()).state == "open"
    told = stripe.pays(checkout.session_id)

    for _time in range(3):
        assert fulfil(checkout.session_id, now=timezone.now()).state == "paid"
    settle(told)

    assert Payment.objects.count() == SupportMail.objects.count() == 1
    assert Supporter.objects.get(person=person).tier == Tier.PAID


def test_the_success_page_fulfils_no_session_that_is_not_ours(stripe):
    with pytest.raises(Checkout.DoesNotExist):
        fulfil("cs_foreign", now=timezone.now())


def test_who_cannot_be_found_is_waited_for_without_an_alarm(shop, stripe, person):
    told = shop.pay(person)
    public_id = Checkout.objects.get().public_id
    Checkout.objects.update(public_id=uuid4(), session_id=None)
    person_known_as, person.public_id = person.public_id, uuid4()
    person.save()
    deliver(told)
    work()
    assert set(StripeEvent.objects.values_list("state", "last_error")) == {("pending", "Unresolvable")}
    assert not Alert.objects.exists()

    person.public_id = person_known_as
    person.save()
    Checkout.objects.update(public_id=public_id)
    work(later=timedelta(minutes=2))

    assert Payment.objects.get().person == person
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {"done"}


def test_a_customer_that_is_known_says_who_pays(shop, stripe, person, settle):
    settle(shop.pay(person))
    Checkout.objects.update(public_id=uuid4(), session_id=None)
    Subscription.objects.update(checkout=None)
    subscription = stripe.only("subscription")
    DevelopmentObject.objects.change(subscription, metadata={})
    settle(stripe.renews(subscription["id"]))

    assert Payment.objects.get(kind="renewal").person == person


def test_a_stale_fetch_loses(shop, stripe, person, settle):
    settle(shop.pay(person))
    old = pictures.of_subscription(subscription_of(person), timezone.now())
    settle(stripe.cancels(subscription_of(person), at_once=True))

    settle_picture(old, timezone.now(), cause="late")

    assert Subscription.objects.get().status == "canceled"
    assert Supporter.objects.get(person=person).tier == Tier.FREE


def test_a_customer_deleted_at_stripe_is_known_as_deleted(shop, stripe, person, settle):
    settle(shop.pay(person))
    gateway.forget_customer(StripeCustomer.objects.get().customer_id)

    settle(stripe.untold())

    assert StripeCustomer.objects.get().deleted_at is not None
    assert Supporter.objects.get(person=person).tier == Tier.FREE


def test_the_card_is_kept_as_a_digest_that_is_the_same_for_the_same_card(shop, person, settle):
    settle(shop.pay(person, "once"))
    settle(shop.pay(somebody(), "once"))

    first, second = Payment.objects.all()
    assert first.card_digest == second.card_digest
    assert len(first.card_digest) == 64
    assert first.risk_level == "normal"
