"""What bodies of the REST framework's views are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import msgspec
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from telemetry.log.items import EARLIEST, LATEST, Instant

zones = cache(available_timezones)


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer to which an unknown field is an error, not noise."""

    def to_internal_value(self, data: Any) -> Any:
        """The values; a field that was not asked for is refused by its name."""
        if isinstance(data, Mapping) and (unknown := [name for name in data if name not in self.fields]):
            raise serializers.ValidationError({name[:64]: [_("Unknown field.")] for name in unknown[:10]})
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.DATETIME)
class AwareDateTimeField(serializers.Field[datetime, str, str, datetime]):
    """A moment with its offset from UTC, in the years that the log knows."""

    default_error_messages = {
        "invalid": _("Not an ISO 8601 date and time with an offset from UTC."),
        "range": _("Before 1970 or after 9998."),
    }

    def to_internal_value(self, data: Any) -> datetime:
        """The aware datetime; naive ones are refused, not guessed at."""
        try:
            at = msgspec.convert(data, Instant)
        except msgspec.ValidationError:
            self.fail("invalid")
        if not EARLIEST <= at < LATEST:
            self.fail("range")
        return at

    def to_representation(self, value: datetime) -> str:
        """The ISO form."""
        return value.isoformat().replace("+00:00", "Z")


@extend_schema_field(OpenApiTypes.STR)
class TimeZoneField(serializers.Field[str, str, str, str]):
    """A zone of the IANA database."""

    default_error_messages = {"unknown": _("Not a zone of the IANA database.")}

    def to_internal_value(self, data: Any) -> str:
        """The zone's name."""
        if not isinstance(data, str) or data not in zones():
            self.fail("unknown")
        return data

    def to_representation(self, value: str) -> str:
        """The zone's name."""
        return value
