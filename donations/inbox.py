"""The inbox of what Stripe tells us: judged, stored once, and answered before anybody works on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from donations.gateway import API_VERSION, webhook_secrets
from donations.handlers import HANDLERS
from donations.models import StripeEvent
from donations.signatures import Forged, verified
from telemetry.models import Alert

#: The most that an event's body may hold, in bytes.
MOST = 256 * 1024


class Verdict(Enum):
    """What became of a delivery."""

    STORED = "stored"
    #: It was here already.
    KNOWN = "known"
    #: Nothing here follows from it: stored all the same, and never worked on.
    IGNORED = "ignored"
    #: It is of Stripe's other world, test or live: not stored.
    OTHER_MODE = "other_mode"
    #: Not from Stripe, or no event: not stored.
    FORGED = "forged"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The verdict on one delivery, and the event's id where it has one."""

    verdict: Verdict
    event_id: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether Stripe has done its part."""
        return self.verdict not in (Verdict.FORGED, Verdict.TOO_LARGE)


def accept(raw: bytes, signature: str, *, now: datetime) -> Delivery:
    """Judge a raw body and its signature, and keep the event, once. Nothing of a forged one is stored."""
    if len(raw) > MOST:
        return Delivery(Verdict.TOO_LARGE)
    try:
        event = verified(raw, signature, webhook_secrets(), now=now)
        return keep(event, now=now)
    except (Forged, AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return Delivery(Verdict.FORGED)


def keep(event: Mapping[str, Any], *, now: datetime, is_fetched: bool = False) -> Delivery:
    """Keep an event that is known to be Stripe's: from a checked body, or fetched.

    A fetched one is of the version that the account had when it happened, whatever we speak: of it only the
    type, the time and the object's id are read, which are the same in all versions.
    """
    event_id = str(event["id"])
    if bool(event["livemode"]) is not settings.STRIPE_LIVEMODE:
        _tell_of_the_other_mode(event, now)
        return Delivery(Verdict.OTHER_MODE, event_id)
    row = _row(event, now, is_fetched=is_fetched)
    if not StripeEvent.objects.take_in(row):
        return Delivery(Verdict.KNOWN, event_id)
    if row.ignored:
        _tell_of_a_strange_version(row, now)
        return Delivery(Verdict.IGNORED, event_id)
    row.ring()
    return Delivery(Verdict.STORED, event_id)


def _row(event: Mapping[str, Any], now: datetime, *, is_fetched: bool) -> StripeEvent:
    row = StripeEvent(
        event_id=str(event["id"]),
        type=str(event["type"]),
        api_version=str(event.get("api_version") or ""),
        livemode=bool(event["livemode"]),
        stripe_created_at=datetime.fromtimestamp(event["created"], tz=UTC),
        object_id=str(event["data"]["object"].get("id") or ""),
        payload=_storable(event),
        next_try_at=now,
    )
    if row.type not in HANDLERS:
        # Nobody will ever read it, and it may name people, also who was erased before it came.
        row.ignored, row.payload = StripeEvent.Ignored.TYPE, None
    elif not is_fetched and major(row.api_version) != major(API_VERSION):
        row.ignored = StripeEvent.Ignored.VERSION
    if row.ignored:
        row.state, row.done_at = StripeEvent.State.DONE, now
    return row


def major(version: str) -> str:
    """What comes after the day names the shapes of a version's objects: `2026-10-28.endive`."""
    return version.partition(".")[2]


def _storable(value: Any) -> Any:
    """JSON without NUL, which PostgreSQL refuses, and without the fingerprints of cards."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, Mapping):
        return {_storable(key): _storable(inner) for key, inner in value.items() if key != "fingerprint"}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return value


def _tell_of_the_other_mode(event: Mapping[str, Any], now: datetime) -> None:
    told = _("live") if event["livemode"] else _("test")
    message = _("Stripe sends events of %(mode)s mode here, and our key is of the other.") % {"mode": told}
    Alert.objects.raise_alert("stripe:mode", Alert.Severity.WARNING, message, now)


def _tell_of_a_strange_version(row: StripeEvent, now: datetime) -> None:
    if row.ignored != StripeEvent.Ignored.VERSION:
        return
    message = _("The endpoint at Stripe is of API version %(version)s, which is not understood here.") % {
        "version": row.api_version
    }
    Alert.objects.raise_alert("stripe:version", Alert.Severity.CRITICAL, message, now)
