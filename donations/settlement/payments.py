"""Money that was paid becomes a payment, once, whoever tells of it and how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from donations.models import Checkout, Payment, Subscription
from donations.models.checkout import Kind
from donations.seen import ChargeSeen, InvoiceSeen, SessionSeen
from donations.settlement.parties import Party

FIRST = "subscription_create"


@dataclass(frozen=True, slots=True)
class Paid:
    """Money that Stripe has for us, and how Stripe calls it."""

    kind: str
    amount: int
    currency: str
    paid_at: datetime
    invoice_id: str = ""
    payment_intent_id: str = ""
    charge_id: str = ""
    charge: ChargeSeen | None = None

    @classmethod
    def by_invoice(cls, invoice: InvoiceSeen, charge: ChargeSeen | None) -> Paid | None:
        """By an invoice; None when no money came by it."""
        if invoice.status != "paid" or invoice.paid_at is None or invoice.amount_paid <= 0:
            return None
        return cls(
            kind=Payment.Kind.MEMBERSHIP if invoice.reason == FIRST else Payment.Kind.RENEWAL,
            amount=invoice.amount_paid,
            currency=invoice.currency,
            paid_at=invoice.paid_at,
            invoice_id=invoice.id,
            payment_intent_id=invoice.payment_intent,
            charge_id=charge.id if charge is not None else invoice.charge,
            charge=charge,
        )

    @classmethod
    def by_session(
        cls, session: SessionSeen, checkout: Checkout | None, charge: ChargeSeen | None
    ) -> Paid | None:
        """By a checkout's single payment; None when no money came by it."""
        if not session.is_paid or session.amount <= 0 or charge is None:
            return None
        is_key = checkout is not None and checkout.kind == Kind.KEY
        return cls(
            kind=Payment.Kind.KEY if is_key else Payment.Kind.ONCE,
            amount=session.amount,
            currency=session.currency,
            paid_at=charge.created_at,
            payment_intent_id=session.payment_intent,
            charge_id=charge.id,
            charge=charge,
        )


def record_payment(
    paid: Paid, party: Party, subscription: Subscription | None, *, at: datetime
) -> tuple[Payment, bool]:
    """The payment, and whether it is new. The ids at Stripe, each unique, say whether it is here.

    What went back of it is not looked at: whoever tells of that counts it, however early they asked.
    """
    if known := _known(paid):
        return known, False
    checkout = party.checkout or (subscription.checkout if subscription is not None else None)
    payment = Payment(
        kind=paid.kind,
        person=party.person,
        checkout=checkout,
        subscription=subscription,
        needs_refund=subscription is not None and subscription.duplicate_of_id is not None,
        customer_id=party.customer.customer_id if party.customer and party.person else "",
        invoice_id=paid.invoice_id or None,
        payment_intent_id=paid.payment_intent_id or None,
        charge_id=paid.charge_id or None,
        amount=paid.amount,
        currency=paid.currency,
        paid_at=paid.paid_at,
        created_at=at,
        card_digest=card_digest(paid.charge.fingerprint) if paid.charge and party.person else "",
        risk_level=paid.charge.risk_level if paid.charge else "",
        **led_by(checkout),
    )
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError:
        # Somebody else recorded it meanwhile. What no such row explains is a fault.
        if known := _known(paid):
            return known, False
        raise
    return payment, True


def led_by(checkout: Checkout | None) -> dict[str, str]:
    """What led to money, by value."""
    names = ("placement", "prompt", "choice", "variant")
    return {} if checkout is None else {name: getattr(checkout, name) for name in names}


def card_digest(fingerprint: str) -> str:
    """A card's keyed digest: the same card, the same digest, and no way back."""
    if not fingerprint:
        return ""
    return salted_hmac(
        "donations.card", fingerprint, secret=settings.SECRET_KEY, algorithm="sha256"
    ).hexdigest()


def _known(paid: Paid) -> Payment | None:
    """The row that has one of the ids, held."""
    rows = Payment.objects.known_as(
        invoice_id=paid.invoice_id, payment_intent_id=paid.payment_intent_id, charge_id=paid.charge_id
    )
    return rows.select_for_update().first()
