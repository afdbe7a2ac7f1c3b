"""What is kept no longer than it is needed, where the rows themselves stay."""

from __future__ import annotations

from datetime import datetime

from donations.models import StripeEvent, SupportMail
from donations.models.event import PAYLOAD_KEPT
from donations.models.mail import ADDRESS_KEPT


def forget_what_is_old(now: datetime) -> int:
    """Empty old payloads and the addresses of old mail; how many rows were emptied."""
    payloads = StripeEvent.objects.with_payload_from_before(now - PAYLOAD_KEPT).update(payload=None)
    mails = SupportMail.objects.with_address_from_before(now - ADDRESS_KEPT)
    return payloads + mails.update(address="", facts=None)
