"""What the success page calls: the same settlement as the webhook's, as often as it likes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from donations import pictures
from donations.models import Checkout
from donations.settlement.purchases import settle


def fulfil(session_id: str, *, now: datetime) -> Checkout:
    """Settle a checkout as Stripe has it now; the checkout afterwards, paid or not.

    Never inside a transaction: Stripe is asked first. Raises `Checkout.DoesNotExist` for a session that we
    did not open, and the gateway's troubles.
    """
    checkout = Checkout.objects.get(session_id=session_id)
    if checkout.state == Checkout.State.PAID:
        return checkout
    picture = pictures.of_session(session_id, now)
    with transaction.atomic():
        settle(picture, now, cause=session_id)
    checkout.refresh_from_db()
    return checkout
