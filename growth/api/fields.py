"""The fields of questions, strict where REST framework's are kind."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from growth.questions import Value

MOST_VALUES = 100
LONGEST_VALUE = 300


class StrictIntegerField(serializers.IntegerField):
    """A JSON number without a fraction; neither text nor a boolean."""

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "oneOf": [
                {"type": "string"},
                {"type": "number"},
                {"type": "boolean"},
                {"type": "array", "items": {}},
            ],
            "nullable": True,
        },
        "example": {"placement": ["header", "sidebar"]},
    }
)
class WhereField(serializers.Field[Any, Any, Any, Any]):
    """Conditions on properties: equality, or any of a list of values."""

    default_error_messages = {
        "not_an_object": _("This is an object of properties and the values they may have."),
        "value": _("A value is a text, a number, a boolean or null, or a list of up to 100 of them."),
    }

    def to_internal_value(self, data: Any) -> dict[str, tuple[Value, ...]]:
        """Each property with the tuple of its values."""
        if not isinstance(data, dict) or len(data) > MOST_VALUES:
            self.fail("not_an_object")
        return {self.a_key(key): self.values(value) for key, value in data.items()}

    def to_representation(self, value: Any) -> Any:
        """As it is."""
        return value

    def a_key(self, key: str) -> str:
        """A property's name."""
        if not key or len(key) > 128 or "\x00" in key:
            self.fail("not_an_object")
        return key

    def values(self, value: Any) -> tuple[Value, ...]:
        """The values a property may have."""
        listed = value if isinstance(value, list) else [value]
        if not listed or len(listed) > MOST_VALUES or not all(map(is_plain, listed)):
            self.fail("value")
        return tuple(listed)


def is_plain(value: Any) -> bool:
    """Whether a value can stand in a condition: no list, no object, no text that no database holds."""
    if isinstance(value, str):
        return len(value) <= LONGEST_VALUE and "\x00" not in value
    return value is None or (isinstance(value, (bool, int, float)) and abs(value) < 2**63)
