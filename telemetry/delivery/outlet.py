"""Where the log hands over what may leave: the queue of the detailed layer."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from telemetry.delivery.layers import detailed_is_on
from telemetry.delivery.models import Delivery, Layer
from telemetry.log.outlets import Leaving


def queue_detailed(leaving: Sequence[Leaving]) -> None:
    """Queue what was stored with a yes, in the transaction that stored it; nothing when the layer is off.

    The queue's own clock: how long a record waits has nothing to do with when it happened.
    """
    if not leaving or not detailed_is_on():
        return
    now = timezone.now()
    Delivery.objects.put(
        Delivery(
            layer=Layer.DETAILED,
            name=one.name,
            occurred_at=one.occurred_at,
            attributes=dict(one.attributes),
            event_id=one.event_id,
            person_id=one.person_id,
            consent_id=one.consent_id,
            next_try_at=now,
        )
        for one in leaving
    )
