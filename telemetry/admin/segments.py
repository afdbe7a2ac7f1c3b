"""Each person's segment row."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from telemetry.admin.base import ReadOnlyAdmin
from telemetry.admin.seen import PeopleAdmin
from telemetry.segments.models import Segment
from telemetry.segments.properties import PROPERTIES


@admin.register(Segment)
class SegmentAdmin(PeopleAdmin, ReadOnlyAdmin):
    """What the last refresh found out about a person."""

    list_display = [
        "person",
        "level",
        "trend",
        "entries_last_7_days",
        "entries_last_30_days",
        "entries_all_time",
    ]
    list_select_related = ["person"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["=person__public_id", "=person__aliases__value"]
    ordering = ["-entries_last_30_days", "-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        """With the words for it."""
        return super().get_queryset(request).with_properties("engagement_level", "activity_trend")  # type: ignore[no-any-return]

    @display(description=gettext_lazy("engagement"))
    def level(self, segment: Any) -> str:
        """The engagement level's name."""
        return word("engagement_level", segment.engagement_level)

    @display(description=gettext_lazy("trend"))
    def trend(self, segment: Any) -> str:
        """The activity trend's name."""
        return word("activity_trend", segment.activity_trend)


def word(name: str, value: str) -> str:
    """A property's value as people read it."""
    words = PROPERTIES[name].words
    return str(words(value).label) if words else value
