"""Whom Stripe knows no more."""

from __future__ import annotations

from datetime import datetime

from donations.models import StripeCustomer


def forget_at_stripe(customer_id: str, at: datetime) -> StripeCustomer | None:
    """Say that Stripe deleted a customer; the customer, if it is one of ours."""
    StripeCustomer.objects.filter(customer_id=customer_id, deleted_at=None).update(deleted_at=at)
    return StripeCustomer.objects.filter(customer_id=customer_id).first()
