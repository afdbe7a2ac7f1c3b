"""A checkout begins in our own table, and once."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from donations import gateway
from donations.models import Checkout, DevelopmentObject, DonationInteraction, StripeCustomer, Subscription
from donations.querysets.beginning import AlreadyMember, StillConfirming
from donations.tests.checkout.conftest import NOW
from donations.tests.stripe.faults import Fault
from telemetry.experiments.models import Assignment, Experiment
from telemetry.log.models import Event
from telemetry.operations.models import Alert
from telemetry.people.claim import claim
from telemetry.people.erasure import erase
from telemetry.people.models import Person


def name_in(asked):
    return asked["line_items"][0]["price_data"]["product_data"]["name"]


def asked_of(checkout):
    return DevelopmentObject.objects.get(stripe_id=checkout.session_id).asked


def test_a_gift_opens_a_page_that_says_donate(begin, person):
    checkout = begin(person)

    session, asked = gateway.fetch_session(checkout.session_id), asked_of(checkout)
    assert (session.amount, session.currency, session.mode, session.status) == (500, "eur", "payment", "open")
    assert asked["submit_type"] == "donate"
    assert session.reference == str(checkout.public_id)
    assert checkout.session_url == session.url


def test_metadata_with_the_public_ids_goes_along_on_every_road(begin, person):
    ids = {"person": str(person.public_id)}
    once, monthly = begin(person), begin(person, kind="monthly")

    for checkout, data in ((once, "payment_intent_data"), (monthly, "subscription_data")):
        expected = ids | {"checkout": str(checkout.public_id)}
        assert asked_of(checkout)["metadata"] == asked_of(checkout)[data]["metadata"] == expected


def test_a_membership_is_a_subscription_and_a_key_is_a_purchase(begin, person):
    monthly = asked_of(begin(person, kind="monthly"))
    assert (monthly["mode"], name_in(monthly)) == ("subscription", "Membership")
    assert name_in(asked_of(begin(person, kind="monthly", amount=300))) == "Monthly gift"
    key = asked_of(begin(person, kind="key", amount=2500))
    assert key["mode"] == "payment"
    assert "submit_type" not in key


def test_the_way_back_is_ours(begin, person):
    asked = asked_of(begin(person))

    assert asked["success_url"] == "http://testserver/donate/thanks/?session_id={CHECKOUT_SESSION_ID}"
    assert asked["cancel_url"].startswith("http://testserver/")


def test_a_guest_may_give_and_is_in_no_funnel(begin):
    checkout = begin(None)

    assert checkout.person is None
    assert "person" not in gateway.fetch_session(checkout.session_id).metadata
    assert not DonationInteraction.objects.exists()


def test_a_visitor_whom_an_account_has_claimed_by_now_gives_as_a_guest(begin, account, person, visitor):
    claim(visitor, account, at=NOW)

    assert begin(visitor).person is None


def test_a_visitor_who_became_an_account_meanwhile_gives_as_that(begin, account, visitor):
    as_they_were = Person.objects.get(pk=visitor.pk)
    claim(visitor, account, at=NOW)

    assert begin(as_they_were).person.account == account


def test_whoever_was_erased_meanwhile_gives_as_a_guest(begin, person):
    as_they_were = Person.objects.get()
    erase(person, at=NOW)

    assert begin(as_they_were).person is None


def test_an_address_is_suggested_until_stripe_knows_the_customer(begin, person):
    assert asked_of(begin(person))["customer_email"] == "giver@growth.example"

    known = gateway_customer(person)
    asked = asked_of(begin(person))
    assert asked["customer"] == known
    assert "customer_email" not in asked


def gateway_customer(person):
    with gateway._asking() as client:
        customer_id = client.v1.customers.create({"email": "giver@growth.example"}).id
    StripeCustomer.objects.create(customer_id=customer_id, person=person, livemode=False, created_at=NOW)
    return customer_id


def test_a_customer_that_stripe_forgot_is_forgotten_here_too(begin, person):
    customer = StripeCustomer.objects.create(
        customer_id="cus_gone", person=person, livemode=False, created_at=NOW
    )

    checkout = begin(person)

    customer.refresh_from_db()
    assert customer.deleted_at == NOW
    assert "customer" not in asked_of(checkout)


def test_the_funnel_hears_what_led_there(begin, person):
    begin(person, placement="header", prompt="seven_day", choice="amount_500")

    row = DonationInteraction.objects.get(person=person, interaction_type="checkout_started")
    assert (row.placement, row.prompt, row.choice) == ("header", "seven_day", "amount_500")
    told = Event.objects.get(type__name="support.checkout_started", person=person).properties or {}
    assert (told["amount"], told["currency"]) == (500, "eur")


def test_the_arm_is_ours_to_say(begin, person):
    experiment = Experiment.objects.get(key="support_hero")
    experiment.start(at=NOW)

    checkout = begin(person)

    assert checkout.variant == Assignment.objects.get(person=person).arm.name
    assert DonationInteraction.objects.get(person=person).variant == checkout.variant


def test_the_same_form_gives_the_same_page(begin, person, wish, stripe):
    one = wish()

    assert begin(person, one) == begin(person, one)
    assert stripe.made("checkout.session") == 1
    assert DonationInteraction.objects.count() == 1


def test_the_same_form_with_another_amount_is_another_wish(begin, person, wish):
    first = wish()
    second = replace(first, money=replace(first.money, amount=1000))

    assert begin(person, first) != begin(person, second)


def test_a_form_of_somebody_else_opens_nothing_of_theirs(begin, person, wish):
    token = uuid4()

    assert begin(person, token=token) != begin(None, token=token)


def test_the_key_is_stored_before_stripe_is_asked(begin, person, wish, stripe):
    stripe.is_down = True
    one = wish()
    with pytest.raises(gateway.GatewayUnavailable):
        begin(person, one)

    waiting = Checkout.objects.get()
    assert (waiting.state, waiting.session_id) == ("open", None)

    stripe.is_down = False
    assert begin(person, one) == waiting
    assert Checkout.objects.get().session_id


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.CONFLICT, Fault.ERROR, Fault.RATE_LIMITED])
def test_whatever_happens_to_the_answer_one_page_is_opened(begin, person, wish, stripe, fault):
    one = wish()
    stripe.will(fault, times=4)
    for _ in range(4):
        try:
            begin(person, one)
        except gateway.GatewayUnavailable:
            continue

    begin(person, one)

    assert stripe.made("checkout.session") == 1


@pytest.mark.parametrize("times", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_as_many_lost_answers_are_as_many_charges(begin, stripe, wish, times):
    for _ in range(times):
        one = wish()
        stripe.will(Fault.ANSWER_LOST, times=2)
        with pytest.raises(gateway.GatewayUnavailable):
            begin(None, one)
        stripe.pays(begin(None, one).session_id)

    assert stripe.made("charge") == stripe.made("checkout.session") == Checkout.objects.count() == times


@pytest.mark.guard
def test_without_our_own_key_a_lost_answer_opens_a_second_page(begin, stripe, wish, monkeypatch):
    real = gateway.open_session
    monkeypatch.setattr(gateway, "open_session", lambda order, key: real(order, key=str(uuid4())))
    one = wish()
    stripe.will(Fault.ANSWER_LOST, times=2)
    with pytest.raises(gateway.GatewayUnavailable):
        begin(None, one)
    begin(None, one)

    assert stripe.made("checkout.session") > 1


def test_a_refusal_ends_the_checkout_and_staff_hear_of_it(begin, person):
    with pytest.raises(gateway.GatewayRefused):
        begin(person, amount=1)

    assert Checkout.objects.get().state == "failed"
    assert "amount_too_small" in Alert.objects.get(key="stripe:checkout").message


@pytest.mark.parametrize("fault", [Fault.KEY_UNKNOWN, Fault.KEY_MAY_NOT])
def test_a_wrong_key_is_told_to_staff_and_the_same_form_goes_on_once_it_is_right(
    begin, person, wish, stripe, fault
):
    one = wish()
    stripe.will(fault)
    with pytest.raises(gateway.GatewayDenied):
        begin(person, one)

    waiting, alert = Checkout.objects.get(), Alert.objects.open().get()
    assert waiting.state == "open"
    assert (alert.key, alert.severity) == ("stripe:checkout", Alert.Severity.CRITICAL)

    assert begin(person, one) == waiting
    assert not Alert.objects.open().exists()


def test_a_wrong_key_is_told_when_an_older_page_is_to_be_closed(begin, person, stripe):
    begin(person)
    stripe.will(Fault.KEY_MAY_NOT, on="/expire")

    with pytest.raises(gateway.GatewayDenied):
        begin(person)

    assert Alert.objects.open().get().key == "stripe:checkout"


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.ERROR, Fault.RATE_LIMITED])
def test_that_stripe_is_away_opens_no_alert(begin, person, stripe, fault):
    stripe.will(fault, times=2)
    with pytest.raises(gateway.GatewayUnavailable):
        begin(person)

    assert not Alert.objects.exists()


def test_staff_are_told_that_checkouts_open_again(begin, person, stripe):
    with pytest.raises(gateway.GatewayRefused):
        begin(person, amount=1)
    again = NOW + timedelta(minutes=1)
    stripe.is_down = True
    with pytest.raises(gateway.GatewayUnavailable):
        begin(person, at=again)
    assert Alert.objects.open().get().key == "stripe:checkout"

    stripe.is_down = False
    begin(person, at=again)

    assert Alert.objects.get().resolved_at == again


def test_the_older_page_of_a_person_is_closed(begin, person):
    older, newer = begin(person), begin(person)

    older.refresh_from_db()
    assert older.state == "expired"
    assert gateway.fetch_session(older.session_id).status == "expired"
    assert gateway.fetch_session(newer.session_id).status == "open"


def test_the_older_page_is_closed_although_its_answer_was_lost(begin, person, stripe):
    stripe.will(Fault.ANSWER_LOST, times=2)
    with pytest.raises(gateway.GatewayUnavailable):
        begin(person)

    newer = begin(person)

    assert stripe.made("checkout.session") == 2
    assert [row.pk for row in Checkout.objects.filter(state="open")] == [newer.pk]
    assert stripe.only("checkout.session", status="open")["id"] == newer.session_id


def test_an_older_page_of_another_address_whose_answer_was_lost_stops_nobody(begin, person, stripe):
    stripe.will(Fault.ANSWER_LOST, times=2)
    with pytest.raises(gateway.GatewayUnavailable):
        begin(person)
    person.account.email = "moved@growth.example"
    person.account.save()

    newer = begin(person)

    assert [row.pk for row in Checkout.objects.filter(state="open")] == [newer.pk]


def test_an_older_page_in_an_account_that_the_key_is_not_of_any_more_stops_nobody(begin, person):
    older = begin(person)
    Checkout.objects.filter(pk=older.pk).update(session_id="cs_of_another_account")

    newer = begin(person)

    assert [row.pk for row in Checkout.objects.filter(state="open")] == [newer.pk]


def test_pages_of_guests_are_left_alone(begin):
    first, _second = begin(None), begin(None)

    assert gateway.fetch_session(first.session_id).status == "open"


def test_a_gift_that_was_paid_and_not_yet_told_stays(begin, person, stripe):
    paid = begin(person)
    stripe.pays(paid.session_id)

    begin(person)

    paid.refresh_from_db()
    assert paid.state == "open"


def test_while_a_membership_is_confirmed_no_second_one_begins(begin, person, stripe):
    first = begin(person, kind="monthly")
    stripe.pays(first.session_id)

    with pytest.raises(StillConfirming) as caught:
        begin(person, kind="monthly")

    assert caught.value.checkout == first
    assert stripe.made("checkout.session") == 1


def member(person, status="active"):
    customer = StripeCustomer.objects.create(
        customer_id="cus_1", person=person, livemode=False, created_at=NOW
    )
    return Subscription.objects.create(
        stripe_id="sub_1",
        customer=customer,
        person=person,
        status=status,
        amount=500,
        currency="eur",
        fetched_at=NOW,
    )


@pytest.mark.parametrize("status", Subscription.LIVE)
def test_a_second_live_membership_is_refused(begin, person, stripe, status):
    member(person, status)

    with pytest.raises(AlreadyMember):
        begin(person, kind="monthly")

    assert stripe.made("checkout.session") == 0


def test_whose_membership_is_over_may_begin_anew(begin, person):
    member(person, "canceled")
    StripeCustomer.objects.update(deleted_at=NOW)

    assert begin(person, kind="monthly").session_id


def test_after_a_day_a_form_begins_anew(begin, person, wish, stripe):
    one = wish()
    first = begin(person, one)

    second = begin(person, one, at=NOW + timedelta(hours=24))

    first.refresh_from_db()
    assert first.state == "expired"
    assert second.pk != first.pk
    assert stripe.made("checkout.session") == 2
