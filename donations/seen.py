"""What we look at of Stripe's objects, as they were when fetched.

Amounts are minor units, times aware UTC. All is read from plain dicts of today's shape (API 2026-10-28):
a period is its item's, an invoice names its subscription in `parent`, and how it was paid apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Body = Mapping[str, Any]


def moment(second: int | None) -> datetime | None:
    """Unix seconds as a time."""
    return None if second is None else datetime.fromtimestamp(second, UTC)


def _created(body: Body) -> datetime:
    return datetime.fromtimestamp(body["created"], UTC)


def _id(value: Any) -> str:
    """The id of what is named by id, or was expanded; empty for nothing."""
    return str(value["id"] if isinstance(value, dict) else value or "")


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """A Checkout session. `email`: what was typed there."""

    id: str
    url: str
    mode: str
    status: str
    payment_status: str
    amount: int
    currency: str
    customer: str
    subscription: str
    payment_intent: str
    invoice: str
    email: str
    reference: str
    metadata: Mapping[str, str]
    created_at: datetime

    @classmethod
    def of(cls, body: Body) -> SessionSeen:
        """Read from Stripe's JSON."""
        return cls(
            id=body["id"],
            url=body.get("url") or "",
            mode=body["mode"],
            status=body["status"],
            payment_status=body["payment_status"],
            amount=body["amount_total"] or 0,
            currency=body["currency"],
            customer=_id(body.get("customer")),
            subscription=_id(body.get("subscription")),
            payment_intent=_id(body.get("payment_intent")),
            invoice=_id(body.get("invoice")),
            email=(body.get("customer_details") or {}).get("email") or "",
            reference=body.get("client_reference_id") or "",
            metadata=body.get("metadata") or {},
            created_at=_created(body),
        )

    @property
    def is_paid(self) -> bool:
        """Whether nothing is left to wait for: the money came, or none was due."""
        return self.status == "complete" and self.payment_status != "unpaid"


@dataclass(frozen=True, slots=True)
class SubscriptionSeen:
    """A subscription. `amount`: a month; `period_end`: until when it is paid for."""

    id: str
    status: str
    customer: str
    amount: int
    currency: str
    period_end: datetime | None
    cancel_at: datetime | None
    latest_invoice: str
    metadata: Mapping[str, str]
    created_at: datetime

    @classmethod
    def of(cls, body: Body) -> SubscriptionSeen:
        """Read from Stripe's JSON."""
        items = body["items"]["data"]
        ends = [item["current_period_end"] for item in items]
        period_end = max(ends, default=None)
        cancel_at = body.get("cancel_at") or (period_end if body.get("cancel_at_period_end") else None)
        return cls(
            id=body["id"],
            status=body["status"],
            customer=_id(body["customer"]),
            amount=sum((item["price"]["unit_amount"] or 0) * item.get("quantity", 1) for item in items),
            currency=body["currency"],
            period_end=moment(period_end),
            cancel_at=moment(cancel_at),
            latest_invoice=_id(body.get("latest_invoice")),
            metadata=body.get("metadata") or {},
            created_at=_created(body),
        )


@dataclass(frozen=True, slots=True)
class InvoiceSeen:
    """An invoice. `metadata`: the subscription's when it was made; `paid_at`: None while it is not paid.

    `hosted_url`: where whoever owes it pays it, or confirms it with their bank.
    """

    id: str
    status: str
    reason: str
    customer: str
    subscription: str
    payment_intent: str
    charge: str
    amount_due: int
    amount_paid: int
    currency: str
    attempts: int
    paid_at: datetime | None
    next_attempt_at: datetime | None
    hosted_url: str
    email: str
    metadata: Mapping[str, str]
    created_at: datetime

    @classmethod
    def of(cls, body: Body) -> InvoiceSeen:
        """Read from Stripe's JSON, with its payments expanded."""
        details = (body.get("parent") or {}).get("subscription_details") or {}
        payments = (body.get("payments") or {}).get("data") or []
        made: Body = next((one["payment"] for one in payments if one["status"] == "paid"), {})
        return cls(
            id=body["id"],
            status=body["status"] or "",
            reason=body.get("billing_reason") or "",
            customer=_id(body.get("customer")),
            subscription=_id(details.get("subscription")),
            payment_intent=_id(made.get("payment_intent")),
            charge=_id(made.get("charge")),
            amount_due=body["amount_due"],
            amount_paid=body["amount_paid"],
            currency=body["currency"],
            attempts=body.get("attempt_count") or 0,
            paid_at=moment((body.get("status_transitions") or {}).get("paid_at")),
            next_attempt_at=moment(body.get("next_payment_attempt")),
            hosted_url=body.get("hosted_invoice_url") or "",
            email=body.get("customer_email") or "",
            metadata=details.get("metadata") or {},
            created_at=_created(body),
        )


@dataclass(frozen=True, slots=True)
class ChargeSeen:
    """A charge. `fingerprint`: of its card, to be kept as a digest only."""

    id: str
    payment_intent: str
    customer: str
    amount: int
    amount_refunded: int
    currency: str
    is_paid: bool
    is_disputed: bool
    is_fraudulent: bool
    fingerprint: str
    risk_level: str
    email: str
    created_at: datetime

    @classmethod
    def of(cls, body: Body) -> ChargeSeen:
        """Read from Stripe's JSON."""
        card = (body.get("payment_method_details") or {}).get("card") or {}
        return cls(
            id=body["id"],
            payment_intent=_id(body.get("payment_intent")),
            customer=_id(body.get("customer")),
            amount=body["amount"],
            amount_refunded=body["amount_refunded"],
            currency=body["currency"],
            is_paid=body["paid"],
            is_disputed=body["disputed"],
            is_fraudulent="fraudulent" in (body.get("fraud_details") or {}).values(),
            fingerprint=card.get("fingerprint") or "",
            risk_level=(body.get("outcome") or {}).get("risk_level") or "",
            email=(body.get("billing_details") or {}).get("email") or "",
            created_at=_created(body),
        )


@dataclass(frozen=True, slots=True)
class RefundSeen:
    """A refund: pending, requires_action, succeeded, failed or canceled."""

    id: str
    charge: str
    payment_intent: str
    amount: int
    currency: str
    status: str
    created_at: datetime

    @classmethod
    def of(cls, body: Body) -> RefundSeen:
        """Read from Stripe's JSON."""
        return cls(
            id=body["id"],
            charge=_id(body.get("charge")),
            payment_intent=_id(body.get("payment_intent")),
            amount=body["amount"],
            currency=body["currency"],
            status=body.get("status") or "",
            created_at=_created(body),
        )


@dataclass(frozen=True, slots=True)
class DisputeSeen:
    """A dispute, in one of Stripe's ten statuses."""

    id: str
    charge: str
    payment_intent: str
    amount: int
    currency: str
    status: str
    reason: str
    created_at: datetime

    @classmethod
    def of(cls, body: Body) -> DisputeSeen:
        """Read from Stripe's JSON."""
        return cls(
            id=body["id"],
            charge=_id(body["charge"]),
            payment_intent=_id(body.get("payment_intent")),
            amount=body["amount"],
            currency=body["currency"],
            status=body["status"],
            reason=body.get("reason") or "",
            created_at=_created(body),
        )


@dataclass(frozen=True, slots=True)
class WarningSeen:
    """An early fraud warning about a charge."""

    id: str
    charge: str
    payment_intent: str
    created_at: datetime

    @classmethod
    def of(cls, body: Body) -> WarningSeen:
        """Read from Stripe's JSON."""
        return cls(body["id"], _id(body["charge"]), _id(body.get("payment_intent")), _created(body))


@dataclass(frozen=True, slots=True)
class EventSeen:
    """An event. `payload`: all of it, the object as it was when it happened."""

    id: str
    type: str
    api_version: str
    livemode: bool
    object_id: str
    payload: Mapping[str, Any]
    created_at: datetime

    @classmethod
    def of(cls, body: Body) -> EventSeen:
        """Read from Stripe's JSON."""
        return cls(
            id=body["id"],
            type=body["type"],
            api_version=body.get("api_version") or "",
            livemode=body["livemode"],
            object_id=_id(body["data"]["object"]),
            payload=body,
            created_at=_created(body),
        )
