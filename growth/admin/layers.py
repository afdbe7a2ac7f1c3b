"""What the telemetry page says of each layer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _, gettext_lazy

from telemetry.delivery.exporting import record_of
from telemetry.delivery.models import Delivery, Installation, Layer
from telemetry.delivery.otlp import preview
from telemetry.delivery.schema import origin_of
from telemetry.delivery.status import LayerStatus, Status, preview_of
from telemetry.log.context import RequestContext
from telemetry.log.product_events import PageViewed

LINE = 110
INDENT = "  "

ABOUT = {
    Layer.BASE: gettext_lazy(
        "One record when this installation is first seen, a heartbeat each night, and one when the detailed "
        "layer is switched on. They say which version runs on what, and nothing about people."
    ),
    Layer.DETAILED: gettext_lazy(
        "What people do, each under a number that means nothing elsewhere, and only of those who said yes. "
        "Every record names the consent that allows it."
    ),
}
REASONS = {
    "queue_full": gettext_lazy("the queue was full"),
    "too_old": gettext_lazy("waited too long"),
    "consent_withdrawn": gettext_lazy("the person said no"),
    "erased": gettext_lazy("the person was erased"),
    "switched_off": gettext_lazy("detailed was switched off"),
    "disabled": gettext_lazy("telemetry was disabled"),
    "rejected": gettext_lazy("the sink took the batch without it"),
    "not_encodable": gettext_lazy("cannot be encoded"),
}


@dataclass(frozen=True, slots=True)
class LayerOnPage:
    """One layer, who decided about it, and the exact payload of one of its records."""

    status: LayerStatus
    decision: str
    payload: str
    #: Whether the payload is made up, since none waits.
    is_example: bool

    @property
    def about(self) -> str:
        """What the layer is."""
        return str(ABOUT[self.status.layer])

    @property
    def is_detailed(self) -> bool:
        """Whether it is the one that staff switch."""
        return self.status.layer == Layer.DETAILED

    @property
    def dropped(self) -> int:
        """How many records were dropped, whatever the reason."""
        return sum(count for _reason, count in self.status.dropped)

    @property
    def drops(self) -> tuple[tuple[str, str, int], ...]:
        """The drops by reason: its word, its meaning, how many."""
        return tuple((reason, in_words(reason), count) for reason, count in self.status.dropped)


def layers_of(status: Status, now: datetime) -> Iterator[LayerOnPage]:
    """Both layers."""
    for layer in status.layers:
        payload = preview_of(layer.layer, now)
        shown = example(status.installation, now) if payload is None else payload
        yield LayerOnPage(layer, decided(layer, status.installation), laid_out(shown), payload is None)


def decided(layer: LayerStatus, installation: Installation) -> str:
    """Who says that the layer is on or off."""
    if layer.locked_by:
        return _("Locked by the environment: %(variable)s.") % {"variable": layer.locked_by}
    if layer.layer == Layer.BASE:
        return _("On whenever a sink is configured.")
    if installation.switched_at is None:
        return _("Off until staff switch it on.")
    who = installation.switched_by or _("somebody whose account is gone")
    when = f"{installation.switched_at:%Y-%m-%d %H:%M} UTC"
    word = _("Switched on by %(who)s, %(when)s.") if layer.wanted else _("Switched off by %(who)s, %(when)s.")
    return word % {"who": who, "when": when}


def laid_out(value: Any, margin: str = "") -> str:
    """The JSON for people: what fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(margin + line) <= LINE or not isinstance(value, dict | list):
        return line
    if isinstance(value, dict):
        deeper = [f"{json.dumps(key)}: {laid_out(item, margin + INDENT)}" for key, item in value.items()]
    else:
        deeper = [laid_out(item, margin + INDENT) for item in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    between = f",\n{margin}{INDENT}"
    return f"{start}\n{margin}{INDENT}{between.join(deeper)}\n{margin}{end}"


def in_words(reason: str) -> str:
    """Why records were dropped."""
    if reason.startswith("status_"):
        return _("the sink answered %(status)s") % {"status": reason.removeprefix("status_")}
    return str(REASONS.get(reason, ""))


def example(installation: Installation, now: datetime) -> dict[str, Any]:
    """The payload of a detailed record of nobody."""
    event = PageViewed(route="home")
    seen_with = RequestContext("home", "firefox", "desktop").attributes()
    row = Delivery(
        layer=Layer.DETAILED,
        record_id=UUID(int=0),
        name=event.name,
        occurred_at=now,
        attributes=event.payload() | seen_with,
        person_id=0,
        consent_id=0,
    )
    return preview(record_of(row, installation, {0: UUID(int=0)}), origin_of(installation))
