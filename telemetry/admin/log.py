"""The event log: its words, its rows, and the keys that open it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from telemetry.admin.base import ReadOnlyAdmin, VerbsAdmin
from telemetry.admin.seen import PeopleAdmin
from telemetry.log.models import ApiKey, Event, EventType, Project
from telemetry.operations.models import AuditEntry


@admin.register(EventType)
class EventTypeAdmin(VerbsAdmin):
    """The vocabulary: staff add words, and change only their own."""

    list_display = ["name", "meaning", "counts_as_use", "declared_by"]
    list_filter = ["declared_by", "counts_as_use"]
    search_fields = ["name", "meaning"]
    fields = ["name", "meaning", "counts_as_use", "declared_by"]
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A name that events carry stays."""
        return ["name", "declared_by"] if obj else ["declared_by"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What the code declares is changed in the code."""
        declared_by_code = obj is not None and obj.declared_by == EventType.DeclaredBy.CODE
        return not declared_by_code and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Events point to it."""
        return False


@admin.register(Project)
class ProjectAdmin(ReadOnlyAdmin):
    """What people work on."""

    search_fields = ["name"]
    ordering = ["name"]


@admin.register(Event)
class EventAdmin(PeopleAdmin, ReadOnlyAdmin):
    """What happened, newest first. The log is too long to be counted for a page."""

    list_display = ["type", "person", "occurred_at", "project", "source", "origin"]
    list_select_related = ["type", "person", "project"]
    list_filter = ["origin"]
    list_per_page = 50
    paginator = InfinitePaginator
    show_full_result_count = False
    ordering = ["-pk"]
    sortable_by: Any = []
    fields = [
        "type",
        "person",
        "occurred_at",
        "project",
        "source",
        "duration_seconds",
        "properties",
        "origin",
        "clock_ahead",
    ]


@admin.register(ApiKey)
class ApiKeyAdmin(VerbsAdmin):
    """Programs' ways in. A secret is shown once: when it is made."""

    list_display = ["name", "scope", "prefix", "may_state_facts", "events_per_minute", "created_at", "state"]
    list_filter = ["scope"]
    search_fields = ["name", "prefix"]
    ordering = ["-pk"]
    actions = None
    actions_detail = ["rotate_key", "revoke_key"]
    fields = ["name", "scope", "may_state_facts", "events_per_minute"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What a key opens stays as it was made."""
        return ["scope", "may_state_facts"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Revoking is the way: the list then says that there was one."""
        return False

    def has_own_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may change keys may rotate and revoke them."""
        return bool(request.user.has_perm("telemetry.change_apikey"))

    @display(description=gettext_lazy("state"), label={"open": "success", "revoked": "danger"})
    def state(self, key: ApiKey) -> tuple[str, str]:
        """Whether it opens anything."""
        return ("revoked", _("revoked")) if key.revoked_at else ("open", _("open"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Issue a new key; its secret is kept for the answer alone."""
        at = timezone.now()
        if not change:
            issued = ApiKey.objects.issue(obj.name, obj.scope, may_state_facts=obj.may_state_facts)
            obj.pk, obj.secret = issued.key.pk, issued.secret
            obj.prefix, obj.digest, obj.created_at = (
                issued.key.prefix,
                issued.key.digest,
                issued.key.created_at,
            )
        ApiKey.objects.filter(pk=obj.pk).update(name=obj.name, events_per_minute=obj.events_per_minute)
        verb = "key.changed" if change else "key.issued"
        opens = {"name": obj.name, "scope": obj.scope}
        AuditEntry.objects.record(request.user, verb, obj, after=opens, at=at)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, this once."""
        return self.show_once(request, obj, obj.secret)

    def show_once(self, request: HttpRequest, key: ApiKey, secret: str) -> HttpResponse:
        """The page with the secret; nothing may keep it."""
        shown = {
            **self.admin_site.each_context(request),
            "title": _("The secret of %(key)s") % {"key": key.name},
            "secret": secret,
            "back": self.list_address(),
        }
        response = TemplateResponse(request, "admin/growth/secret.html", shown)
        response["Cache-Control"] = "no-store"
        return response

    @action(description=gettext_lazy("Rotate"), url_path="rotate", permissions=["own"])
    def rotate_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the key a new secret, once asked again."""
        key = self.row_or_404(request, object_id)
        if request.method != "POST":
            return self.ask(
                request,
                key,
                title=_("Rotate %(key)s?") % {"key": key},
                warning=_("The old secret opens nothing any more, at once. The new one is shown this once."),
                verb=_("Rotate"),
            )
        secret = key.rotate()
        if secret is None:
            self.refuse()
        AuditEntry.objects.record(request.user, "key.rotated", key, at=timezone.now())
        return self.show_once(request, key, secret)

    @action(description=gettext_lazy("Revoke"), url_path="revoke", permissions=["own"])
    def revoke_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close the key, once asked again."""
        key = self.row_or_404(request, object_id)
        if request.method != "POST":
            return self.ask(
                request,
                key,
                title=_("Revoke %(key)s?") % {"key": key},
                warning=_("The key opens nothing any more, at once and for good."),
                verb=_("Revoke for good"),
            )
        at = timezone.now()
        if key.revoke(at):
            AuditEntry.objects.record(request.user, "key.revoked", key, at=at)
        return self.done(request, _("The key is revoked."), self.list_address())
