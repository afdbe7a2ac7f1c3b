"""Where permissions are chosen from a list of all of them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import ManyToManyField
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest

from telemetry.admin.plain import PlainTextAdmin


class PermissionsAdmin(PlainTextAdmin):
    """Rows that hold permissions. Each names its content type: they are read with it, not one by one."""

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        """All of them in one query."""
        if db_field.related_model is Permission:
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        field: ModelMultipleChoiceField[Any] | None
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        return field
