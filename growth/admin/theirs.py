"""The rows of the libraries we use: shown our way, or not at all."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django_celery_beat.models import PeriodicTask

from growth.admin.permissions import PermissionsAdmin
from telemetry.admin.base import ReadOnlyAdmin
from telemetry.admin.plain import PlainTextAdmin
from telemetry.admin.seen import PeopleAdmin
from telemetry.operations.models import AuditEntry, Heartbeat

THEIR_APPS = ("account", "auth", "django_celery_beat", "mfa")


class GroupAdmin(PermissionsAdmin):
    """What a group of accounts may do."""

    search_fields = ["name"]
    filter_horizontal = ["permissions"]


class EmailAddressAdmin(PeopleAdmin, ReadOnlyAdmin):
    """Addresses that accounts have confirmed, or not yet."""

    list_display = ["email", "user", "primary", "verified"]
    list_select_related = ["user"]
    search_fields = ["email"]


class AuthenticatorAdmin(PeopleAdmin, ReadOnlyAdmin):
    """Second factors. Deleting one lets somebody who lost theirs set up another."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["=user__email"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only those who have every power."""
        return bool(request.user.is_superuser)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Keep who took it away."""
        AuditEntry.objects.record(request.user, "second_factor.removed", obj, at=timezone.now())
        super().delete_model(request, obj)


class PeriodicTaskAdmin(PlainTextAdmin):
    """The schedule: staff switch a job off and on, its cadence is code."""

    list_display = ["name", "enabled", "interval", "crontab", "description"]
    list_select_related = ["interval", "crontab"]
    ordering = ["name"]
    fields = ["name", "description", "enabled", "interval", "crontab"]
    readonly_fields = ["name", "description", "interval", "crontab"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Jobs are code."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Jobs are code."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep who switched it."""
        super().save_model(request, obj, form, change)
        switched = {"job": obj.name, "enabled": obj.enabled}
        AuditEntry.objects.record(request.user, "job.switched", obj, after=switched, at=timezone.now())


class HeartbeatAdmin(ReadOnlyAdmin):
    """When each job last ran, late ones first."""

    list_display = ["job", "fares", "finished_at", "seconds", "runs", "failed_at", "last_error"]
    sortable_by: Any = []

    def get_queryset(self, request: HttpRequest) -> Any:
        """With whether it is late."""
        from growth.schedule import lateness

        return Heartbeat.objects.with_lateness(lateness(), timezone.now())

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """Late ones first."""
        return ["-is_late", "-is_failing", "job"]

    @admin.display(description=gettext_lazy("fares"))
    def fares(self, job: Any) -> Any:
        """In a word."""
        if job.is_late:
            return _("late")
        return _("failed") if job.is_failing else _("on time")


OURS: dict[type[Model], Any] = {
    Group: GroupAdmin,
    EmailAddress: EmailAddressAdmin,
    Authenticator: AuthenticatorAdmin,
    PeriodicTask: PeriodicTaskAdmin,
    Heartbeat: HeartbeatAdmin,
}


def take_over(site: admin.AdminSite) -> None:
    """Once every app has registered its own: replace theirs by ours."""
    theirs = [model for model in site._registry if model._meta.app_label in THEIR_APPS]
    site.unregister(theirs)
    for model, model_admin in OURS.items():
        site.register(model, model_admin)
