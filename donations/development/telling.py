"""What Stripe tells an endpoint: events, really signed."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

import stripe

from donations.development import shapes
from donations.models.development import Body, DevelopmentObject


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery of an event: the raw body and the header that signs it."""

    id: str
    type: str
    body: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Writes events down and signs them with the endpoint's secret, at the clock's time."""

    secret: str
    version: str
    clock: Callable[[], datetime]

    def record(self, kind: str, body: Body, at: datetime, before: Body | None = None) -> None:
        """Remember that something happened; it is told with `untold`."""
        event = shapes.event(
            kind, deepcopy(body), before=before, at=int(at.timestamp()), version=self.version
        )
        DevelopmentObject.objects.keep(event, at, {"told": False})

    def untold(self) -> list[Told]:
        """Deliver what was not delivered so far, in the order in which it happened."""
        events = DevelopmentObject.objects.of("event").filter(asked__told=False)
        told = [self.deliver(row.body) for row in events]
        DevelopmentObject.objects.filter(stripe_id__in=[one.id for one in told]).update(asked={"told": True})
        return told

    def deliver(self, event: Body) -> Told:
        """One delivery, signed now: whoever delivers again signs again."""
        text = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(
            text, self.secret, int(self.clock().timestamp())
        )
        return Told(event["id"], event["type"], text.encode(), str(signature))
