"""How both layers stand, for the page that shows it; and the exact payload of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from telemetry.delivery.exporting import record_of
from telemetry.delivery.installation import the_installation
from telemetry.delivery.layers import base_is_on, detailed_is_on, detailed_is_wanted, locked_by
from telemetry.delivery.models import Delivery, DeliveryCount, Installation, Layer
from telemetry.delivery.otlp import preview
from telemetry.delivery.querysets import DELIVERED, DROPPED, PENDING, QUEUED, UNTOUCHED
from telemetry.delivery.schema import HEARTBEAT, base_attributes, origin_of


@dataclass(frozen=True, slots=True)
class LayerStatus:
    """How one layer stands. `on` is what holds; `wanted` what was decided, with a sink or without."""

    layer: Layer
    on: bool
    wanted: bool
    #: The variable of the environment that decides; empty when staff do.
    locked_by: str
    queued: int
    delivered: int
    #: How many were dropped, by reason; most first.
    dropped: tuple[tuple[str, int], ...]
    pending: int

    @property
    def balances(self) -> bool:
        """Whether each queued record met one end or waits."""
        return self.queued == self.delivered + sum(count for _reason, count in self.dropped) + self.pending


@dataclass(frozen=True, slots=True)
class Status:
    """How telemetry stands at a moment."""

    installation: Installation
    #: Where it is sent, without credentials; empty for nowhere.
    sink: str
    disabled: bool
    layers: tuple[LayerStatus, ...]
    #: When the oldest record that waits was queued.
    waiting_since: datetime | None

    @property
    def install_id(self) -> UUID:
        """The installation's identity."""
        return self.installation.install_id

    @property
    def pending(self) -> int:
        """How many records wait."""
        return sum(layer.pending for layer in self.layers)

    @property
    def paused(self) -> bool:
        """Whether the sink refused our credentials."""
        return self.installation.paused_at is not None

    def of(self, layer: Layer) -> LayerStatus:
        """How that layer stands."""
        return next(one for one in self.layers if one.layer == layer)


def status(now: datetime) -> Status:
    """How telemetry stands at `now`; the queue and its counts as of one moment."""
    installation = the_installation(now)
    counts = DeliveryCount.objects.with_the_queue()
    on = {Layer.BASE: base_is_on(), Layer.DETAILED: detailed_is_on()}
    wanted = {Layer.BASE: not settings.TELEMETRY_DISABLED, Layer.DETAILED: detailed_is_wanted()}
    return Status(
        installation,
        settings.TELEMETRY_SINK,
        settings.TELEMETRY_DISABLED,
        tuple(_layer(layer, on[layer], wanted[layer], counts) for layer in Layer),
        Delivery.objects.waiting_since(),
    )


def _layer(layer: Layer, on: bool, wanted: bool, counts: Counter[tuple[str, str, str]]) -> LayerStatus:
    dropped = Counter({reason: n for (of, how, reason), n in counts.items() if (of, how) == (layer, DROPPED)})
    return LayerStatus(
        layer,
        on,
        wanted,
        locked_by(layer),
        queued=counts[layer, QUEUED, ""] + counts[layer, UNTOUCHED, ""],
        delivered=counts[layer, DELIVERED, ""],
        dropped=tuple(dropped.most_common()),
        pending=counts[layer, PENDING, ""],
    )


def preview_of(layer: Layer, now: datetime) -> dict[str, Any] | None:
    """The exact payload that a batch of one record of the layer has, in OTLP's JSON form.

    Of the base layer a heartbeat; of the detailed one the record that was queued last, None when none waits.
    """
    installation = the_installation(now)
    if layer == Layer.BASE:
        said = base_attributes(installation, now, heartbeat_at=now)
        row = Delivery(layer=layer, name=HEARTBEAT, occurred_at=now, attributes=said)
        return preview(record_of(row, installation, {}), origin_of(installation))
    last = Delivery.objects.pending().detailed().exclude(person=None).select_related("person")
    row_or_none = last.order_by("-pk").first()
    if row_or_none is None or row_or_none.person is None:
        return None
    people = {row_or_none.person.pk: row_or_none.person.public_id}
    return preview(record_of(row_or_none, installation, people), origin_of(installation))
