"""Rows that name people: whoever opens them leaves an entry in the audit log."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from telemetry.admin.strict import StrictAdmin
from telemetry.operations.models import AuditEntry


class PeopleAdmin(StrictAdmin):
    """Rows that name people, looked at by staff one by one or as a list."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; it is noted which page was seen, and by which fields it was filtered, not for what."""
        answer: HttpResponse = super().changelist_view(request, extra_context)
        if was_seen(request, answer):
            filtered = {name.partition("__")[0] for name in request.GET}
            seen = {
                "kind": "list",
                "page": shown_by(answer)["cl"].page_num,
                "filters": sorted(filtered & {field.name for field in self.opts.get_fields()}),
                "searched": bool(request.GET.get("q")),
            }
            AuditEntry.objects.record(
                request.user, "people.seen", self.opts.label_lower, after=seen, at=timezone.now()
            )
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one row; it is noted whose."""
        answer: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        if was_seen(request, answer):
            row = shown_by(answer)["original"]
            AuditEntry.objects.record(
                request.user, "people.seen", row, after={"kind": "row"}, at=timezone.now()
            )
        return answer


def was_seen(request: HttpRequest, answer: HttpResponse) -> bool:
    """Whether the answer is the page, neither a detour nor a form that comes back."""
    return request.method == "GET" and answer.status_code == 200


def shown_by(answer: Any) -> dict[str, Any]:
    """What a page is drawn from."""
    drawn: dict[str, Any] = answer.context_data
    return drawn
