"""Which layers are on, and who says so."""

from __future__ import annotations

from django.conf import settings

from telemetry.delivery.models import Installation, Layer


def base_is_on() -> bool:
    """Whether the installation tells the sink of itself: there is a sink, and telemetry is not disabled."""
    return bool(settings.TELEMETRY_SINK) and not settings.TELEMETRY_DISABLED


def detailed_is_on() -> bool:
    """Whether the installation lets detailed records leave, if the person does. One query at most."""
    return base_is_on() and detailed_is_wanted()


def detailed_is_wanted() -> bool:
    """What the environment says of the detailed layer, or else staff."""
    if settings.TELEMETRY_DISABLED:
        return False
    if settings.TELEMETRY_DETAILED is not None:
        return bool(settings.TELEMETRY_DETAILED)
    return Installation.objects.filter(pk=1, detailed_enabled=True).exists()


def locked_by(layer: Layer) -> str:
    """The variable of the environment that decides on the layer; empty when staff do."""
    if settings.TELEMETRY_DISABLED:
        return "TELEMETRY_DISABLED"
    if layer == Layer.DETAILED and settings.TELEMETRY_DETAILED is not None:
        return "TELEMETRY_DETAILED"
    return ""
