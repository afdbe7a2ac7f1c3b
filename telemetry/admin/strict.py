"""What addresses and forms ask of the admin: keys and filters that no database can hold are refused."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from telemetry.log.items import DECEIVING


class StrictChangeList(ChangeList):
    """A list that is read at once: what its filters cannot be compared with shows before the page begins."""

    def get_results(self, request: HttpRequest) -> None:
        """The page's rows; `IncorrectLookupParameters`, which leads back to the whole list."""
        try:
            super().get_results(request)
            len(self.result_list)
        except (ValueError, OverflowError, DataError) as error:
            raise IncorrectLookupParameters from error


class StrictAdmin(ModelAdmin):
    """Rows that are asked for by keys and filters from outside."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StrictChangeList]:
        """The list that refuses in time."""
        return StrictChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of an address; None for a key that no row can have."""
        field = self.opts.get_field(from_field) if from_field else self.opts.pk
        return super().get_object(request, object_id, from_field) if holds(field, object_id) else None

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase | None:
        """Do to the chosen rows what is asked; 400 where one is chosen that no row can be."""
        if not all(holds(self.opts.pk, key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest("No row can have this key.")
        answer: HttpResponseBase | None = super().response_action(request, queryset)
        return answer


def holds(field: Any, text: str) -> bool:
    """Whether the field of a row can have this value."""
    while field.is_relation:
        field = field.target_field
    try:
        field.run_validators(field.to_python(text))
    except ValidationError:
        return False
    return not DECEIVING.search(text)
