"""What the admin's pages share: rows that only are looked at, and verbs that ask once more."""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from telemetry.admin.plain import PlainTextAdmin
from telemetry.admin.strict import StrictAdmin


class ReadOnlyAdmin(StrictAdmin):
    """Rows that staff look at, and nothing else."""

    actions: Any = None

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Rows are found by search and by the filters of the page, not by comparing keys in the address."""
        return not lookup.startswith("pk") and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds them by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes them."""
        return False


class VerbsAdmin(PlainTextAdmin):
    """Rows with verbs: a link leads to a page that says what will happen, its button does it."""

    def row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The row of an address."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def refuse(self) -> NoReturn:
        """Say no."""
        raise PermissionDenied

    def ask(
        self,
        request: HttpRequest,
        row: Model | None,
        *,
        title: str,
        warning: str,
        verb: str,
        form: Form | None = None,
    ) -> HttpResponse:
        """The page that asks once more; `form`: what has to be said with it; no row: one is to be made."""
        shown = {
            **self.admin_site.each_context(request),
            "title": title,
            "warning": warning,
            "verb": verb,
            "form": form,
            "row": row or title,
            "back": self.address_of(row) if row is not None else self.list_address(),
        }
        return TemplateResponse(request, "admin/growth/confirm.html", shown)

    def address_of(self, row: Model) -> str:
        """The row's own page."""
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])

    def list_address(self) -> str:
        """The page of all rows."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def done(self, request: HttpRequest, message: str, address: str) -> HttpResponse:
        """Say that it is done, on the page that comes next."""
        messages.success(request, message)
        return HttpResponseRedirect(address)

    def undone(self, request: HttpRequest, message: str, address: str) -> HttpResponse:
        """Say why it is not done, on the page that comes next."""
        messages.warning(request, message)
        return HttpResponseRedirect(address)
