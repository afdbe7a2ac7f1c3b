"""Whether a body really comes from Stripe."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from stripe import SignatureVerificationError, WebhookSignature

#: How far a signature's time may be from ours, either way.
TOLERANCE = timedelta(seconds=300)


class Forged(Exception):
    """Nobody who knows one of our secrets signed this, or not now, or it is no event."""


def verified(raw: bytes, signature: str, secrets: Iterable[str], *, now: datetime) -> dict[str, Any]:
    """The event in a body that was signed with one of the secrets, within five minutes of `now`.

    The SDK checks the digest and we the time: it lets a time in the future pass. Its object of an event is
    not made, since only that of a checked body would be worth anything. Raises `Forged`.
    """
    if not any(_matches(raw, signature, secret) for secret in secrets):
        raise Forged("signature")
    if abs(now.timestamp() - _signed_at(signature)) > TOLERANCE.total_seconds():
        raise Forged("time")
    try:
        event = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Forged("body") from error
    if not isinstance(event, dict) or event.get("object") != "event":
        raise Forged("body")
    return event


def _matches(raw: bytes, signature: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(raw, signature, secret))
    except (SignatureVerificationError, TypeError, ValueError):  # not ASCII, not UTF-8
        return False


def _signed_at(signature: str) -> int:
    """The time in a header that was found right."""
    return next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))
