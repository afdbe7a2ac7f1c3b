"""Objects of the shape that Stripe gives them today (API 2026-10-28): only fields that exist there.

Amounts are minor units, times are Unix seconds, other objects are named by id.
"""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from donations.development.wire import Asked
from donations.models.development import Body

#: Some cards by their fingerprint: the same card is the same person, more or less.
CARD = "offline-card-1"


def new_id(prefix: str) -> str:
    """An id as Stripe makes them."""
    return f"{prefix}_{token_hex(12)}"


def listed(bodies: list[Body], url: str, *, has_more: bool = False) -> Body:
    """A page of a list."""
    return {"object": "list", "url": url, "has_more": has_more, "data": bodies}


def customer(asked: Asked, at: int) -> Body:
    """A customer."""
    return {
        "id": new_id("cus"),
        "object": "customer",
        "created": at,
        "email": asked.get("email"),
        "name": asked.get("name"),
        "livemode": False,
        "metadata": asked.get("metadata", {}),
    }


def checkout_session(asked: Asked, at: int) -> Body:
    """An open Checkout session for the line items asked for; where it is paid is added by the caller."""
    price = asked["line_items"][0]["price_data"]
    amount = int(price["unit_amount"]) * int(asked["line_items"][0].get("quantity", 1))
    return {
        "id": new_id("cs_test"),
        "object": "checkout.session",
        "created": at,
        "expires_at": int(asked.get("expires_at", at + 86400)),
        "mode": asked["mode"],
        "status": "open",
        "payment_status": "unpaid",
        "amount_subtotal": amount,
        "amount_total": amount,
        "currency": price["currency"],
        "customer": asked.get("customer"),
        "customer_creation": None if asked["mode"] == "subscription" else "if_required",
        "customer_details": None,
        "customer_email": asked.get("customer_email"),
        "client_reference_id": asked.get("client_reference_id"),
        "invoice": None,
        "payment_intent": None,
        "subscription": None,
        "submit_type": asked.get("submit_type"),
        "ui_mode": "hosted_page",
        "url": None,
        "success_url": asked["success_url"],
        "cancel_url": asked.get("cancel_url"),
        "livemode": False,
        "metadata": asked.get("metadata", {}),
    }


def portal_session(asked: Asked, at: int) -> Body:
    """A session of the Customer Portal."""
    return {
        "id": new_id("bps"),
        "object": "billing_portal.session",
        "created": at,
        "customer": asked["customer"],
        "return_url": asked.get("return_url"),
        "livemode": False,
        "url": None,
    }


def payment_intent(*, amount: int, currency: str, customer: str | None, metadata: Asked, at: int) -> Body:
    """A payment that was begun."""
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "created": at,
        "amount": amount,
        "amount_received": 0,
        "currency": currency,
        "customer": customer,
        "latest_charge": None,
        "status": "processing",
        "livemode": False,
        "metadata": metadata,
    }


def charge(intent: Body, *, at: int, card: str, risk: str, email: str | None) -> Body:
    """A charge that went through."""
    return {
        "id": new_id("ch"),
        "object": "charge",
        "created": at,
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "billing_details": {"email": email},
        "captured": True,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "disputed": False,
        "fraud_details": {},
        "outcome": {"type": "authorized", "network_status": "approved_by_network", "risk_level": risk},
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method_details": {
            "type": "card",
            "card": {"brand": "visa", "last4": "4242", "fingerprint": card},
        },
        "refunded": False,
        "status": "succeeded",
        "livemode": False,
        "metadata": intent["metadata"],
    }


def subscription(session: Body, asked: Asked, *, customer: str, at: int, until: int) -> Body:
    """A subscription that its first payment will make active; the period is its item's."""
    price = asked["line_items"][0]["price_data"]
    ident = new_id("sub")
    return {
        "id": ident,
        "object": "subscription",
        "created": at,
        "start_date": at,
        "billing_cycle_anchor": at,
        "billing_mode": {"type": "flexible"},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "collection_method": "charge_automatically",
        "currency": price["currency"],
        "customer": customer,
        "ended_at": None,
        "items": listed([subscription_item(ident, price, at, until)], "/v1/subscription_items"),
        "latest_invoice": None,
        "status": "incomplete",
        "livemode": session["livemode"],
        "metadata": asked.get("subscription_data", {}).get("metadata", {}),
    }


def subscription_item(subscription: str, price: Asked, at: int, until: int) -> Body:
    """What is subscribed to, and the period that is paid for."""
    return {
        "id": new_id("si"),
        "object": "subscription_item",
        "created": at,
        "current_period_start": at,
        "current_period_end": until,
        "price": {
            "id": new_id("price"),
            "object": "price",
            "currency": price["currency"],
            "recurring": {"interval": price["recurring"]["interval"], "interval_count": 1},
            "type": "recurring",
            "unit_amount": int(price["unit_amount"]),
        },
        "quantity": 1,
        "subscription": subscription,
        "metadata": {},
    }


def invoice(subscription: Body, *, amount: int, reason: str, at: int) -> Body:
    """An open invoice of a subscription, which it names in `parent`."""
    (item,) = subscription["items"]["data"]
    return {
        "id": new_id("in"),
        "object": "invoice",
        "created": at,
        "amount_due": amount,
        "amount_paid": 0,
        "amount_remaining": amount,
        "attempt_count": 0,
        "attempted": False,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "hosted_invoice_url": None,
        "next_payment_attempt": None,
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {
                "subscription": subscription["id"],
                "metadata": dict(subscription["metadata"]),
            },
        },
        "period_start": item["current_period_start"],
        "period_end": item["current_period_end"],
        "status": "open",
        "status_transitions": {"finalized_at": at, "paid_at": None, "voided_at": None},
        "subtotal": amount,
        "total": amount,
        "livemode": False,
        "metadata": {},
    }


def invoice_payment(invoice: Body, intent: Body, at: int) -> Body:
    """How an invoice was paid: the only way from one to the other."""
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "created": at,
        "amount_paid": intent["amount"],
        "amount_requested": intent["amount"],
        "currency": intent["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
        "status": "paid",
        "status_transitions": {"paid_at": at, "canceled_at": None},
        "livemode": False,
    }


def refund(charge: Body, *, amount: int, at: int, status: str, asked: Asked) -> Body:
    """Money on its way back."""
    return {
        "id": new_id("re"),
        "object": "refund",
        "created": at,
        "amount": amount,
        "charge": charge["id"],
        "currency": charge["currency"],
        "payment_intent": charge["payment_intent"],
        "reason": asked.get("reason"),
        "status": status,
        "metadata": asked.get("metadata", {}),
    }


def dispute(charge: Body, *, amount: int, at: int, status: str, reason: str) -> Body:
    """A charge that its card's holder does not accept."""
    return {
        "id": new_id("du"),
        "object": "dispute",
        "created": at,
        "amount": amount,
        "charge": charge["id"],
        "currency": charge["currency"],
        "is_charge_refundable": status.startswith("warning"),
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": status,
        "livemode": False,
        "metadata": {},
    }


def early_fraud_warning(charge: Body, at: int) -> Body:
    """The card's network fears a fraud."""
    return {
        "id": new_id("issfr"),
        "object": "radar.early_fraud_warning",
        "created": at,
        "actionable": True,
        "charge": charge["id"],
        "fraud_type": "made_with_stolen_card",
        "payment_intent": charge["payment_intent"],
        "livemode": False,
    }


def event(kind: str, body: Body, *, before: Body | None, at: int, version: str) -> Body:
    """What Stripe tells when an object changed: the object as it was then."""
    data: dict[str, Any] = {"object": body}
    if before is not None:
        data["previous_attributes"] = before
    return {
        "id": new_id("evt"),
        "object": "event",
        "created": at,
        "api_version": version,
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
