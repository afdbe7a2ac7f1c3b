"""The offline Stripe is today's Stripe: what the SDK knows, and nothing that was removed."""

from dataclasses import replace
from datetime import timedelta

import pytest
import stripe as sdk
from django.db import transaction
from django.utils import timezone

from donations import gateway
from donations.development.client import NotPlayed
from donations.development.happening import Card
from donations.handlers import HANDLERS
from donations.models import DevelopmentObject
from donations.tests.stripe.faults import Fault

CLASSES = {
    "customer": sdk.Customer,
    "checkout.session": sdk.checkout.Session,
    "billing_portal.session": sdk.billing_portal.Session,
    "subscription": sdk.Subscription,
    "invoice": sdk.Invoice,
    "invoice_payment": sdk.InvoicePayment,
    "payment_intent": sdk.PaymentIntent,
    "charge": sdk.Charge,
    "refund": sdk.Refund,
    "dispute": sdk.Dispute,
    "radar.early_fraud_warning": sdk.radar.EarlyFraudWarning,
    "event": sdk.Event,
}


@pytest.fixture
def client(stripe):
    return sdk.StripeClient("sk_test_x", stripe_version=gateway.API_VERSION, http_client=stripe)


@pytest.fixture
def monthly(order):
    return replace(order, is_monthly=True, is_donation=False)


@pytest.fixture
def member(stripe, monthly):
    """The id of a subscription that was paid for."""
    session = gateway.open_session(monthly, key="monthly")
    stripe.pays(session.id)
    return gateway.fetch_session(session.id).subscription


def kinds(told):
    return [one.type for one in told]


def test_it_speaks_the_version_that_the_sdk_and_the_gateway_speak():
    assert sdk.api_version == gateway.API_VERSION


def test_no_object_has_a_field_that_the_sdk_does_not_know(stripe, order, monthly, member):
    once = gateway.open_session(order, key="once")
    stripe.pays(once.id)
    stripe.fails_to_renew(member)
    stripe.catches_up(member)
    charge = stripe.charge_of(once.id).id
    stripe.disputes(charge)
    stripe.refunds(charge, 100)
    stripe.warns_of_fraud(charge)
    gateway.portal_url(gateway.fetch_subscription(member).customer, return_url="http://testserver/")

    rows = DevelopmentObject.objects.exclude(type="idempotency key")

    assert {row.type for row in rows} == set(CLASSES)
    for row in rows:
        unknown = set(row.body) - set(CLASSES[row.type].__annotations__)
        assert not unknown, f"{row.type} has no {unknown}"


def test_what_was_removed_is_not_there(client, member, stripe):
    invoice = client.v1.invoices.retrieve(gateway.fetch_subscription(member).latest_invoice)

    for removed in ("subscription", "charge", "payment_intent", "paid"):
        assert not hasattr(invoice, removed)
    assert not hasattr(client.v1.subscriptions.retrieve(member), "current_period_end")
    assert not hasattr(client.v1.charges.list().data[0], "invoice")


def test_a_one_off_gift_of_a_guest_has_no_customer(stripe, order):
    session = gateway.open_session(order, key="once")

    assert kinds(stripe.pays(session.id)) == ["checkout.session.completed"]

    seen = gateway.fetch_session(session.id)
    assert (seen.is_paid, seen.customer, seen.email) == (True, "", "donor@example.org")
    assert stripe.charge_of(session.id).amount == 500


def test_a_membership_is_told_in_four_events(stripe, monthly):
    session = gateway.open_session(monthly, key="monthly")

    assert sorted(kinds(stripe.pays(session.id))) == [
        "checkout.session.completed",
        "customer.subscription.created",
        "customer.subscription.updated",
        "invoice.paid",
    ]
    subscription = gateway.fetch_subscription(gateway.fetch_session(session.id).subscription)
    assert (subscription.status, subscription.amount) == ("active", 500)
    assert subscription.metadata == {"person": "someone", "checkout": "1"}


def test_an_invoice_names_its_subscription_and_how_it_was_paid(stripe, member):
    invoice = gateway.fetch_invoice(gateway.fetch_subscription(member).latest_invoice)

    assert (invoice.subscription, invoice.amount_paid, invoice.reason) == (member, 500, "subscription_create")
    assert gateway.fetch_charge_of(invoice.payment_intent)
    assert invoice.metadata["person"] == "someone"


def test_a_coupon_of_everything_leaves_nothing_to_pay(stripe, monthly):
    session = gateway.open_session(monthly, key="monthly")

    stripe.pays(session.id, off=500)

    assert gateway.fetch_session(session.id).payment_status == "no_payment_required"
    assert stripe.only("invoice")["amount_paid"] == 0
    assert stripe.made("charge") == 0


def test_money_that_takes_days_is_unpaid_until_it_arrives(stripe, order):
    session = gateway.open_session(order, key="once")

    assert kinds(stripe.pays_later(session.id)) == ["checkout.session.completed"]
    assert not gateway.fetch_session(session.id).is_paid
    assert kinds(stripe.money_arrives(session.id)) == ["checkout.session.async_payment_succeeded"]
    assert gateway.fetch_session(session.id).is_paid


def test_money_that_never_arrives_is_told(stripe, order):
    session = gateway.open_session(order, key="once")
    stripe.pays_later(session.id)

    assert kinds(stripe.money_does_not_arrive(session.id)) == ["checkout.session.async_payment_failed"]
    assert stripe.made("charge") == 0


def test_a_renewal_pays_the_next_month(stripe, member):
    before = stripe.only("subscription")["items"]["data"][0]

    assert kinds(stripe.renews(member)) == ["invoice.paid", "customer.subscription.updated"]
    after = stripe.only("subscription")["items"]["data"][0]
    assert after["current_period_start"] == before["current_period_end"]
    assert 27 < (after["current_period_end"] - after["current_period_start"]) / 86400 < 32


def test_a_failed_renewal_is_past_due_until_it_is_paid_or_given_up(stripe, member):
    assert kinds(stripe.fails_to_renew(member)) == ["invoice.payment_failed", "customer.subscription.updated"]
    assert gateway.fetch_subscription(member).status == "past_due"
    stripe.catches_up(member)
    assert gateway.fetch_subscription(member).status == "active"
    stripe.fails_to_renew(member)
    stripe.is_given_up(member)
    assert gateway.fetch_subscription(member).status == "canceled"


def test_a_cancellation_waits_for_the_end_of_the_period(stripe, member):
    stripe.cancels(member)

    seen = gateway.fetch_subscription(member)
    assert (seen.status, seen.cancel_at) == ("active", seen.period_end)
    stripe.resumes(member)
    assert gateway.fetch_subscription(member).cancel_at is None


def test_refunds_add_up_and_a_failed_one_does_not_count(stripe, order):
    session = gateway.open_session(order, key="once")
    stripe.pays(session.id, card=Card("card-2", risk="highest"))
    intent = gateway.fetch_session(session.id).payment_intent

    first = gateway.refund(intent, amount=200, key="refund:1")
    gateway.refund(intent, key="refund:2")
    charge = stripe.charge_of(session.id)
    assert (charge.amount_refunded, charge.risk_level, charge.fingerprint) == (500, "highest", "card-2")
    with pytest.raises(gateway.GatewayRefused):
        gateway.refund(intent, key="refund:3")

    stripe.untold()
    assert kinds(stripe.refund_fails(first.id)) == ["refund.updated", "refund.failed"]
    assert stripe.charge_of(session.id).amount_refunded == 300


@pytest.mark.parametrize(
    "status",
    ["won", "lost", "warning_closed", "prevented"],
)
def test_a_dispute_is_closed_with_its_verdict(stripe, order, status):
    session = gateway.open_session(order, key="once")
    stripe.pays(session.id)
    charge = stripe.charge_of(session.id)

    assert "charge.dispute.created" in kinds(stripe.disputes(charge.id))
    dispute = stripe.only("dispute")["id"]
    for passing in ("under_review", "appeal_needs_response", "appeal_under_review"):
        assert kinds(stripe.dispute_becomes(dispute, passing)) == ["charge.dispute.updated"]
    assert "charge.dispute.closed" in kinds(stripe.dispute_becomes(dispute, status))
    assert gateway.fetch_dispute(dispute).status == status


def test_what_is_told_is_really_signed(stripe, order):
    session = gateway.open_session(order, key="once")
    (told,) = stripe.pays(session.id)

    event = sdk.Webhook.construct_event(told.body, told.signature, gateway.development_secret())

    assert event.type == "checkout.session.completed"
    with pytest.raises(sdk.SignatureVerificationError):
        sdk.Webhook.construct_event(told.body, told.signature, "whsec_other")
    assert stripe.again(told).body == told.body


def test_the_same_key_gives_the_same_answer(stripe, order):
    first, second = (gateway.open_session(order, key="one") for _ in range(2))

    assert first == second
    assert stripe.made("checkout.session") == 1


def test_a_key_with_another_wish_is_refused(stripe, order):
    gateway.open_session(order, key="one")

    with pytest.raises(gateway.GatewayRefused):
        gateway.open_session(replace(order, amount=600), key="one")


def test_a_key_is_forgotten_after_a_day(stripe, order):
    gateway.open_session(order, key="one")
    stripe.clock = lambda: timezone.now() + timedelta(hours=25)
    gateway.open_session(order, key="one")

    assert stripe.made("checkout.session") == 2


def test_events_are_listed_since_a_moment_and_page_by_page(stripe, order, monkeypatch):
    monkeypatch.setattr(gateway, "PAGE", 2)
    before = timezone.now() - timedelta(seconds=2)
    told = []
    for number in range(5):
        told += stripe.pays(gateway.open_session(order, key=str(number)).id)

    listed = gateway.events_since(before, ["checkout.session.completed"])

    assert [event.id for event in listed] == [one.id for one in told]
    assert gateway.events_since(before, ["invoice.paid"]) == []


def test_more_types_than_stripe_lists_at_once_are_asked_for_in_turn(stripe, order):
    before = timezone.now() - timedelta(seconds=2)
    told = stripe.pays(gateway.open_session(order, key="one").id)

    assert len(HANDLERS) > gateway.MOST_TYPES
    assert {event.id for event in gateway.events_since(before, HANDLERS)} == {one.id for one in told}
    with pytest.raises(gateway.GatewayRefused), gateway._asking() as client:
        client.v1.events.list({"types": list(HANDLERS)})


def test_what_is_not_played_fails_loudly(client):
    with pytest.raises(NotPlayed, match="GET /v1/balance"):
        client.v1.balance.retrieve()
    with pytest.raises(NotPlayed, match="phone"):
        client.v1.customers.create({"phone": "1"})


def test_another_version_is_refused(stripe):
    old = sdk.StripeClient("sk_test_x", stripe_version="2024-06-20", http_client=stripe)

    with pytest.raises(sdk.InvalidRequestError, match="version"):
        old.v1.charges.list()


@pytest.mark.django_db(transaction=True)
def test_a_call_inside_a_transaction_is_refused(order):
    with transaction.atomic(), pytest.raises(RuntimeError):
        gateway.open_session(order, key="one")


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.RATE_LIMITED, Fault.CONFLICT, Fault.ERROR])
def test_trouble_at_stripe_is_told_apart_from_a_refusal(stripe, fault):
    stripe.will(fault)

    with pytest.raises(gateway.GatewayUnavailable):
        gateway.fetch_session("cs_x")
    with pytest.raises(gateway.GatewayRefused) as refused:
        gateway.fetch_session("cs_x")
    assert refused.value.is_missing


def test_an_answer_that_was_lost_is_asked_for_again_and_not_done_twice(stripe, order):
    stripe.will(Fault.ANSWER_LOST)

    gateway.open_session(order, key="one")

    assert stripe.made("checkout.session") == 1
    assert stripe.calls["POST /v1/checkout/sessions"] == 2


def test_a_forgotten_customer_is_a_member_no_more(stripe, member):
    customer = gateway.fetch_subscription(member).customer

    gateway.forget_customer(customer)
    gateway.forget_customer("cus_unknown")

    assert gateway.fetch_subscription(member).status == "canceled"
    assert kinds(stripe.untold()) == ["customer.subscription.deleted", "customer.deleted"]
