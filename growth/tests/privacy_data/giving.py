"""What donations and referrals keep of the canary."""

from __future__ import annotations

from datetime import datetime

from donations.models import (
    Checkout,
    DonationInteraction,
    Payment,
    StripeCustomer,
    StripeErrand,
    StripeEvent,
    Subscription,
    Supporter,
    SupporterKey,
    SupportMail,
)
from referrals.models import CreditGrant, CreditProposal, Referral, ReferralCode
from telemetry.people.models import Person


def fill_donations(person: Person, word: str, at: datetime) -> Payment:
    """A membership that was begun, paid and thanked for, and a key."""
    Supporter.objects.get_or_create(person=person)
    customer = StripeCustomer.objects.create(
        customer_id="cus_canary", person=person, livemode=False, created_at=at
    )
    checkout = Checkout.objects.create(
        person=person,
        kind="monthly",
        amount=500,
        currency="eur",
        system_id=f"{word}-system",
        idempotency_key="checkout:1",
        session_id="cs_canary",
        session_url=f"https://pay.example/{word}",
        created_at=at,
    )
    subscription = Subscription.objects.create(
        stripe_id="sub_canary",
        customer=customer,
        person=person,
        checkout=checkout,
        status="active",
        amount=500,
        currency="eur",
        fetched_at=at,
    )
    payment = Payment.objects.create(
        kind="membership",
        person=person,
        checkout=checkout,
        subscription=subscription,
        customer_id="cus_canary",
        invoice_id="in_canary",
        payment_intent_id="pi_canary",
        charge_id="ch_canary",
        card_digest="0" * 64,
        amount=500,
        currency="eur",
        paid_at=at,
        created_at=at,
    )
    fill_the_inbox(payment, word, at)
    SupportMail.objects.create(
        kind="receipt",
        once="receipt:1",
        person=person,
        address=f"{word}@growth.example",
        payment=payment,
        facts={"to": word},
        next_try_at=at,
    )
    DonationInteraction.objects.create(person=person, interaction_type="page_viewed", created_at=at)
    SupporterKey.objects.create(
        person=person,
        system_id=f"{word}-system",
        signature=f"{word}-signature",
        method="hmac",
        payment=payment,
        created_at=at,
    )
    return payment


def fill_the_inbox(payment: Payment, word: str, at: datetime) -> None:
    """What Stripe told of it, and a refund that staff asked for."""
    typed = {"customer": "cus_canary", "customer_details": {"email": f"{word}@growth.example"}}
    StripeEvent.objects.create(
        event_id="evt_canary",
        type="checkout.session.completed",
        livemode=False,
        stripe_created_at=at,
        object_id="cs_canary",
        payload={"data": {"object": {"id": "cs_canary", **typed}}},
        next_try_at=at,
    )
    StripeErrand.objects.create(
        kind="refund",
        object_id="pi_canary",
        key="errand:1",
        payment=payment,
        amount=1,
        reason=f"{word} asked",
        next_try_at=at,
    )


def fill_referrals(person: Person, payment: Payment, word: str, at: datetime) -> None:
    """A friend who brought them, one whom they brought, and the days of it."""
    friend, guest = Person.objects.create(), Person.objects.create()
    theirs = ReferralCode.objects.create(person=friend, code="FRENDABC", created_at=at)
    own = ReferralCode.objects.create(person=person, code="CANARYAB", shown_name=word, created_at=at)
    came = Referral.objects.create(
        code=theirs,
        referrer=friend,
        referred=person,
        reason=f"{word} is alike",
        payment=payment,
        card_digest="2" * 64,
        network_digest="1" * 64,
        captured_at=at,
        created_at=at,
    )
    Referral.objects.create(code=own, referrer=person, referred=guest, captured_at=at, created_at=at)
    CreditGrant.objects.create(
        person=person,
        referral=came,
        kind="referral_referred",
        days=45,
        note=f"{word} came",
        effective_at=at,
        created_at=at,
        idem_key="referral:1:referred",
    )
    CreditProposal.objects.create(person=person, days=400, reason=f"{word} asked for it", proposed_at=at)
