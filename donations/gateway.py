"""The one module that talks to Stripe: our types out, our exceptions raised.

Never inside a transaction: an answer takes up to five seconds, and locks would wait for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import stripe
from django.conf import settings
from django.utils.crypto import salted_hmac

from donations.seen import (
    ChargeSeen,
    DisputeSeen,
    EventSeen,
    InvoiceSeen,
    RefundSeen,
    SessionSeen,
    SubscriptionSeen,
    WarningSeen,
)

#: The SDK, the webhook endpoint and the offline Stripe speak this one.
API_VERSION = "2026-10-28.endive"
TIMEOUT = 5  # seconds
PAGE = 100  # the most that Stripe lists at once
MOST_TYPES = 20  # of events that Stripe lists at once

stripe.enable_telemetry = False  # of the SDK, to Stripe: nothing leaves that nobody agreed to


class GatewayTrouble(Exception):
    """Stripe did not do what it was asked."""


class NotConfigured(GatewayTrouble):
    """There is no key, and this is production: nothing is asked."""


class GatewayUnavailable(GatewayTrouble):
    """No answer, or none that counts: ask again with the same idempotency key."""


class GatewayDenied(GatewayUnavailable):
    """Stripe does not know our key, or does not let it do this: asked again once somebody mended that."""


class GatewayRefused(GatewayTrouble):
    """Stripe said no; asking again changes nothing. `code` is Stripe's own word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def is_missing(self) -> bool:
        """Whether there is no such object."""
        return self.code == "resource_missing"


@dataclass(frozen=True, slots=True)
class Order:
    """What a Checkout session is to be opened for. `customer`: whom Stripe knows already, else empty."""

    name: str
    amount: int
    currency: str
    success_url: str
    cancel_url: str
    reference: str
    metadata: dict[str, str]
    is_monthly: bool = False
    is_donation: bool = False
    customer: str = ""
    email: str = ""
    expires_at: datetime | None = field(default=None)


# --- Checkout, portal, customers ----------------------------------------------------------------


def open_session(order: Order, *, key: str) -> SessionSeen:
    """A page at Stripe where the order is paid; the same key opens the same page."""
    with _asking(retries=1) as client:
        return SessionSeen.of(
            client.v1.checkout.sessions.create(_asked(order), {"idempotency_key": key}).to_dict()
        )


def fetch_session(session_id: str) -> SessionSeen:
    """A Checkout session as it is now."""
    with _asking() as client:
        return SessionSeen.of(client.v1.checkout.sessions.retrieve(session_id).to_dict())


def expire_session(session_id: str) -> SessionSeen:
    """Close an open session; GatewayRefused when it is not open any more."""
    with _asking() as client:
        return SessionSeen.of(
            client.v1.checkout.sessions.expire(
                session_id, options={"idempotency_key": f"expire:{session_id}"}
            ).to_dict()
        )


def portal_url(customer_id: str, *, return_url: str) -> str:
    """Where this customer manages what they pay. Whoever has the address may: never keep or log it."""
    with _asking() as client:
        session = client.v1.billing_portal.sessions.create(
            {"customer": customer_id, "return_url": return_url}
        )
        return str(session.url)


def forget_customer(customer_id: str) -> None:
    """Delete a customer at Stripe, which ends what they subscribed to; nothing when it is gone."""
    try:
        with _asking(retries=1) as client:
            client.v1.customers.delete(customer_id)
    except GatewayRefused as refusal:
        if not refusal.is_missing:
            raise


# --- Subscriptions and money --------------------------------------------------------------------


def fetch_subscription(subscription_id: str) -> SubscriptionSeen:
    """A subscription as it is now."""
    with _asking() as client:
        return SubscriptionSeen.of(client.v1.subscriptions.retrieve(subscription_id).to_dict())


def cancel_subscription(subscription_id: str) -> SubscriptionSeen:
    """End a subscription at once; GatewayRefused (missing) when it has ended."""
    with _asking(retries=1) as client:
        return SubscriptionSeen.of(client.v1.subscriptions.cancel(subscription_id).to_dict())


def fetch_invoice(invoice_id: str) -> InvoiceSeen:
    """An invoice as it is now, with how it was paid."""
    with _asking() as client:
        invoice = client.v1.invoices.retrieve(invoice_id, {"expand": ["payments"]})
        return InvoiceSeen.of(invoice.to_dict())


def fetch_charge(charge_id: str) -> ChargeSeen:
    """A charge as it is now."""
    with _asking() as client:
        return ChargeSeen.of(client.v1.charges.retrieve(charge_id).to_dict())


def fetch_charge_of(payment_intent_id: str) -> ChargeSeen | None:
    """The charge by which a payment was made; None while there is none."""
    with _asking() as client:
        intent = client.v1.payment_intents.retrieve(payment_intent_id, {"expand": ["latest_charge"]})
        latest = intent.to_dict()["latest_charge"]
        return None if latest is None else ChargeSeen.of(latest)


def refund(payment_intent_id: str, *, amount: int | None = None, key: str) -> RefundSeen:
    """Give money back, all that is left of it unless an amount is named."""
    asked: Any = {"payment_intent": payment_intent_id} | ({} if amount is None else {"amount": amount})
    with _asking(retries=1) as client:
        return RefundSeen.of(client.v1.refunds.create(asked, {"idempotency_key": key}).to_dict())


def fetch_refund(refund_id: str) -> RefundSeen:
    """A refund as it is now."""
    with _asking() as client:
        return RefundSeen.of(client.v1.refunds.retrieve(refund_id).to_dict())


def fetch_dispute(dispute_id: str) -> DisputeSeen:
    """A dispute as it is now."""
    with _asking() as client:
        return DisputeSeen.of(client.v1.disputes.retrieve(dispute_id).to_dict())


def fetch_warning(warning_id: str) -> WarningSeen:
    """An early fraud warning."""
    with _asking() as client:
        return WarningSeen.of(client.v1.radar.early_fraud_warnings.retrieve(warning_id).to_dict())


# --- Events -------------------------------------------------------------------------------------


def events_since(moment: datetime, types: Iterable[str]) -> list[EventSeen]:
    """What happened since then, oldest first; Stripe remembers thirty days."""
    wanted, found = list(types), []
    for first in range(0, len(wanted), MOST_TYPES):
        some = wanted[first : first + MOST_TYPES]
        asked: Any = {"created": {"gte": int(moment.timestamp())}, "types": some}
        found += [EventSeen.of(body) for body in _pages(asked)][::-1]
    return sorted(found, key=lambda event: event.created_at)


def webhook_secrets() -> list[str]:
    """With what Stripe signs what it tells us; two while one replaces the other."""
    return [development_secret()] if settings.DEVELOPMENT_CHECKOUT else settings.STRIPE_WEBHOOK_SECRETS


def development_secret() -> str:
    """With what the offline Stripe signs: this installation's own."""
    return f"whsec_{salted_hmac('donations.development', 'endpoint', algorithm='sha256').hexdigest()}"


# --- The line -----------------------------------------------------------------------------------


def http_client() -> stripe.HTTPClient:
    """What carries our calls: the network, or the offline Stripe; NotConfigured when there is neither."""
    if settings.STRIPE_SECRET_KEY:
        return _network()
    if settings.DEVELOPMENT_CHECKOUT:
        from donations.development import OfflineStripe  # production never loads it

        return OfflineStripe(development_secret(), version=API_VERSION)
    raise NotConfigured


def is_configured() -> bool:
    """Whether there is anybody to ask."""
    return bool(settings.STRIPE_SECRET_KEY) or settings.DEVELOPMENT_CHECKOUT


@cache
def _network() -> stripe.HTTPClient:
    return stripe.RequestsClient(timeout=TIMEOUT)


@contextmanager
def _asking(*, retries: int = 0) -> Iterator[stripe.StripeClient]:
    """A client whose complaints are ours. `retries` where somebody waits and a key makes them harmless."""
    client = stripe.StripeClient(
        settings.STRIPE_SECRET_KEY or "sk_test_offline",
        stripe_version=API_VERSION,
        max_network_retries=retries,
        http_client=http_client(),
    )
    try:
        yield client
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise GatewayUnavailable(type(error).__name__) from error
    except stripe.StripeError as error:
        # 409: somebody is just now asking with the same key. 500: nobody knows.
        if (error.http_status or 500) in (409, 429) or (error.http_status or 500) >= 500:
            raise GatewayUnavailable(type(error).__name__) from error
        if error.http_status in (401, 403):
            raise GatewayDenied(type(error).__name__) from error
        raise GatewayRefused(error.code or type(error).__name__) from error


def _pages(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All events that are asked for, newest first, page by page."""
    after: dict[str, str] = {}
    while True:
        wanted: Any = asked | {"limit": PAGE} | after
        with _asking(retries=1) as client:
            page = client.v1.events.list(wanted).to_dict()
        yield from page["data"]
        if not page["has_more"]:
            return
        after = {"starting_after": page["data"][-1]["id"]}


def _asked(order: Order) -> Any:
    price: dict[str, Any] = {
        "currency": order.currency,
        "unit_amount": order.amount,
        "product_data": {"name": order.name},
    }
    asked: dict[str, Any] = {
        "mode": "subscription" if order.is_monthly else "payment",
        "success_url": order.success_url,
        "cancel_url": order.cancel_url,
        "client_reference_id": order.reference,
        "metadata": order.metadata,
    }
    if order.is_monthly:
        price["recurring"] = {"interval": "month"}
        asked["subscription_data"] = {"metadata": order.metadata}
    else:
        asked["payment_intent_data"] = {"metadata": order.metadata}
    if order.is_donation and not order.is_monthly:
        asked["submit_type"] = "donate"
    if order.customer:
        asked["customer"] = order.customer
    elif order.email:
        asked["customer_email"] = order.email
    if order.expires_at is not None:
        asked["expires_at"] = int(order.expires_at.timestamp())
    return asked | {"line_items": [{"price_data": price, "quantity": 1}]}
