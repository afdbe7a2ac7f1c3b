"""What Stripe says of one purchase, all of it asked for at one time, outside of any transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from donations import gateway
from donations.seen import ChargeSeen, DisputeSeen, InvoiceSeen, RefundSeen, SessionSeen, SubscriptionSeen


@dataclass(frozen=True, slots=True)
class Picture:
    """A purchase as it was at Stripe, not before `fetched_at`; what was not looked at is None."""

    fetched_at: datetime
    session: SessionSeen | None = None
    subscription: SubscriptionSeen | None = None
    invoice: InvoiceSeen | None = None
    charge: ChargeSeen | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """A charge and why some of it goes back, as both were at Stripe, not before `fetched_at`."""

    fetched_at: datetime
    charge: ChargeSeen
    refund: RefundSeen | None = None
    dispute: DisputeSeen | None = None
    warning_id: str = ""


def of_session(session_id: str, now: datetime) -> Picture:
    """A Checkout session, with what came of it."""
    session = gateway.fetch_session(session_id)
    if session.subscription:
        subscription = gateway.fetch_subscription(session.subscription)
        invoice = gateway.fetch_invoice(session.invoice) if session.invoice else None
        return Picture(now, session, subscription, invoice, _charge_of(invoice))
    paid = session.is_paid and session.payment_intent
    return Picture(now, session, charge=gateway.fetch_charge_of(session.payment_intent) if paid else None)


def of_invoice(invoice_id: str, now: datetime) -> Picture:
    """An invoice, with its subscription and how it was paid."""
    invoice = gateway.fetch_invoice(invoice_id)
    subscription = gateway.fetch_subscription(invoice.subscription) if invoice.subscription else None
    return Picture(now, None, subscription, invoice, _charge_of(invoice))


def of_subscription(subscription_id: str, now: datetime) -> Picture:
    """A subscription alone."""
    return Picture(now, subscription=gateway.fetch_subscription(subscription_id))


def of_the_last_invoice(subscription_id: str, now: datetime) -> Picture:
    """A subscription, and what was last charged for it."""
    subscription = gateway.fetch_subscription(subscription_id)
    if not subscription.latest_invoice:
        return Picture(now, subscription=subscription)
    invoice = gateway.fetch_invoice(subscription.latest_invoice)
    return Picture(now, None, subscription, invoice, _charge_of(invoice))


def of_charge(charge_id: str, now: datetime) -> Return:
    """A charge of which some may have gone back."""
    return Return(now, gateway.fetch_charge(charge_id))


def of_refund(refund_id: str, now: datetime) -> Return:
    """A refund and its charge, which knows what all refunds come to."""
    refund = gateway.fetch_refund(refund_id)
    return Return(now, gateway.fetch_charge(refund.charge), refund=refund)


def of_dispute(dispute_id: str, now: datetime) -> Return:
    """A dispute and its charge."""
    dispute = gateway.fetch_dispute(dispute_id)
    return Return(now, gateway.fetch_charge(dispute.charge), dispute=dispute)


def of_warning(warning_id: str, now: datetime) -> Return:
    """An early fraud warning and its charge."""
    warning = gateway.fetch_warning(warning_id)
    return Return(now, gateway.fetch_charge(warning.charge), warning_id=warning.id)


def _charge_of(invoice: InvoiceSeen | None) -> ChargeSeen | None:
    if invoice is None or not invoice.payment_intent:
        return None
    return gateway.fetch_charge_of(invoice.payment_intent)
