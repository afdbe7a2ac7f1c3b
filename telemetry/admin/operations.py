"""What keeps the house running: jobs, alerts, work that was given up, and the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from unfold.decorators import action, display

from telemetry.admin.base import ReadOnlyAdmin, VerbsAdmin
from telemetry.operations.models import Alert, AlertMail, AuditEntry
from telemetry.segments.models import SegmentRefresh


@admin.register(Alert)
class AlertAdmin(VerbsAdmin):
    """What staff should know; open ones first."""

    list_display = ["key", "level", "message", "count", "last_seen_at", "resolved_at"]
    list_filter = [("resolved_at", admin.EmptyFieldListFilter), "severity"]
    search_fields = ["key", "message"]
    ordering = ["resolved_at", "severity", "-last_seen_at"]
    readonly_fields = ["key", "severity", "message", "count", "first_seen_at", "last_seen_at", "resolved_at"]
    actions = ["resolve_selected"]
    actions_detail = ["resolve_alert"]

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Open ones first on both databases."""
        from django.db.models import F

        return [F("resolved_at").desc(nulls_first=True), "severity", "-last_seen_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The house raises them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """They are resolved, not deleted."""
        return False

    def has_resolve_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may change alerts may resolve them."""
        return bool(request.user.has_perm("telemetry.change_alert"))

    @display(description=gettext_lazy("severity"), label={"warning": "warning", "critical": "danger"})
    def level(self, alert: Alert) -> tuple[str, str]:
        """How soon somebody should look."""
        return alert.severity, alert.get_severity_display()

    def resolve(self, request: HttpRequest, alert: Alert) -> bool:
        """Close an open alert, and keep who did."""
        at = timezone.now()
        if alert.resolved_at is not None or not Alert.objects.resolve(alert.key, at):
            return False
        AuditEntry.objects.record(request.user, "alert.resolved", alert, at=at)
        return True

    @admin.action(description=gettext_lazy("Resolve"), permissions=["resolve"])
    def resolve_selected(self, request: HttpRequest, alerts: QuerySet[Alert]) -> None:
        """Close those that are open."""
        closed = sum(self.resolve(request, alert) for alert in alerts)
        message = ngettext("%(count)s alert is resolved.", "%(count)s alerts are resolved.", closed)
        messages.success(request, message % {"count": closed})

    @action(description=gettext_lazy("Resolve"), url_path="resolve", permissions=["resolve"])
    def resolve_alert(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close it, once asked again."""
        alert = self.row_or_404(request, object_id)
        if request.method != "POST":
            return self.ask(
                request,
                alert,
                title=_("Resolve %(alert)s?") % {"alert": alert},
                warning=_("If it happens again, a new alert opens."),
                verb=_("Resolve"),
            )
        self.resolve(request, alert)
        return self.done(request, _("The alert is resolved."), self.list_address())


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what to which object, why, and what changed."""

    list_display = ["at", "actor", "action", "object", "cause"]
    list_filter = ["action"]
    list_select_related = ["actor"]
    search_fields = ["object", "action", "=actor__email"]
    show_full_result_count = False
    ordering = ["-pk"]


class PendingWorkAdmin(VerbsAdmin):
    """Work that waits in a row; what was given up can be tried again."""

    list_display = ["__str__", "stage", "attempts", "next_try_at", "last_error", "created_at"]
    list_filter = ["state"]
    ordering = ["-state", "next_try_at"]
    show_full_result_count = False
    actions = ["try_again"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The house queues it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """It moves by itself."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Settled work is pruned."""
        return False

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        """Who may change this kind of work may have it tried again."""
        return bool(request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))

    @display(
        description=gettext_lazy("state"), label={"pending": "info", "done": "success", "dead": "danger"}
    )
    def stage(self, work: Any) -> tuple[str, str]:
        """Where it stands."""
        return work.state, work.get_state_display()

    @admin.action(description=gettext_lazy("Try what was given up again"), permissions=["try_again"])
    def try_again(self, request: HttpRequest, work: Any) -> None:
        """Make dead rows due again."""
        at = timezone.now()
        revived = [row for row in work.dead() if row.revive(at)]
        for row in revived:
            AuditEntry.objects.record(request.user, "work.revived", row, at=at)
        message = ngettext("%(count)s row is due again.", "%(count)s rows are due again.", len(revived))
        messages.success(request, message % {"count": len(revived)})


@admin.register(AlertMail)
class AlertMailAdmin(PendingWorkAdmin):
    """Mails of alerts; each is named after its alert."""

    list_select_related = ["alert"]


admin.site.register(SegmentRefresh, PendingWorkAdmin)
