"""Accounts: who signs in, and what they may do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from growth.admin.permissions import PermissionsAdmin
from growth.models import User
from telemetry.admin.seen import PeopleAdmin
from telemetry.operations.models import AuditEntry

#: What makes somebody powerful; only those who have every power may give it.
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(PeopleAdmin, PermissionsAdmin):
    """An account. It signs in by e-mailed code, so there is no password to set."""

    list_display = ["email", "is_staff", "is_active", "date_joined", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active", "groups"]
    list_per_page = 50
    search_fields = ["email"]
    ordering = ["-date_joined"]
    filter_horizontal = ["groups", "user_permissions"]
    fieldsets = [
        (None, {"fields": ["email", "is_active", "date_joined", "last_login"]}),
        (_("What they may do"), {"fields": POWERS}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nobody gives a power that they lack."""
        known = ("date_joined", "last_login")
        return known if request.user.is_superuser else (*known, *POWERS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep who changed what of an account; the address itself is not kept."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        changed = {"changed": sorted(form.changed_data)}
        verb = "account.changed" if change else "account.made"
        AuditEntry.objects.record(request.user, verb, obj, after=changed, at=timezone.now())
