"""JSON that staff type into a form, read as strictly as what the API is sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput, JSONString
from django.utils.translation import gettext as _, gettext_lazy

from telemetry.log import strict_json

#: Fifty rules have a hundred keys; what a form holds is bounded by its bytes before this.
MOST_KEYS = 1000


class StrictJSONField(forms.JSONField):
    """Django's reads any depth, until the stack ends, and keeps the last of equal keys."""

    default_error_messages = {
        "too_deep": gettext_lazy("This is nested too deeply."),
        "duplicate_keys": gettext_lazy("An object has the same key twice."),
    }

    def to_python(self, value: Any) -> Any:
        """The JSON's value; `ValidationError` when it is none, or goes beyond the bounds of free JSON."""
        if self.disabled or value in self.empty_values or not is_text(value):
            return super().to_python(value)
        try:
            read = read_strictly(value)
        except strict_json.Unreadable as error:
            code = error.code if error.code in self.error_messages else "invalid"
            raise ValidationError(self.error_messages[code], code=code) from error
        if fault := strict_json.fault_of(read, most_keys=MOST_KEYS):
            raise ValidationError(_("This %(fault)s.") % {"fault": fault}, code="out_of_bounds")
        return JSONString(read) if isinstance(read, str) else read

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What the form shows again: the value if it can be kept, else the text as it was typed."""
        if self.disabled or not is_text(data):
            return super().bound_data(data, initial)
        try:
            read = read_strictly(data)
        except strict_json.Unreadable:
            return InvalidJSONInput(data)
        return InvalidJSONInput(data) if strict_json.fault_of(read, most_keys=MOST_KEYS) else read


def is_text(value: object) -> bool:
    """Whether a value is still to be read; what was read before is not read again."""
    return isinstance(value, str) and not isinstance(value, JSONString)


def read_strictly(text: str) -> Any:
    """What the text says; a lone surrogate is no UTF-8 and therefore unreadable."""
    return strict_json.read(text.encode("utf-8", "surrogatepass"))
