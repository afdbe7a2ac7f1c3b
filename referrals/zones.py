"""By which clock somebody is told a day."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from telemetry.people.models import Person


def zone_of(person: Person) -> ZoneInfo:
    """Where a person lives, as far as the product told; else the project's time zone."""
    try:
        return ZoneInfo(person.time_zone or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)
