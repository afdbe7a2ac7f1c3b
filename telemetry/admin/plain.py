"""Text that staff type: in lists, mails and logs it must look like what it is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Field
from django.http import HttpRequest
from django.utils.translation import gettext as _

from telemetry.admin.strict import StrictAdmin
from telemetry.log.items import DECEIVING


def plain(text: str) -> None:
    """Refuse control characters, line breaks, and marks that turn the direction of what is around them."""
    if DECEIVING.search(text):
        raise ValidationError(_("This holds control or direction characters."))


class PlainTextAdmin(StrictAdmin):
    """Rows whose names and words are one plain line each."""

    #: What the model itself refuses in words of its own.
    checked_elsewhere: tuple[str, ...] = ()

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """With `plain` for whatever is typed; JSON has its own reader."""
        field: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        is_text = isinstance(field, forms.CharField) and not isinstance(field, forms.JSONField)
        if field is not None and is_text and db_field.name not in self.checked_elsewhere:
            field.validators.append(plain)
        return field
