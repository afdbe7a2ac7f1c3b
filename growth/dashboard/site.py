"""The admin site: its index is the dashboard, and every number of it opens."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from growth.dashboard import views


class GrowthAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """unfold's site with our index."""

    index_title = _("Dashboard")
    index_template = "admin/growth/dashboard.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The dashboard."""
        page: TemplateResponse = super().index(request, views.dashboard(request) | (extra_context or {}))
        return page

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The command palette's answers: one page of them, whatever page is asked for."""
        asked = request.GET.copy()
        asked.pop("page", None)
        request.GET = asked  # type: ignore[assignment]
        found: HttpResponse = super().search(request, extra_context)
        return found

    def extra_urls(self) -> list[URLPattern]:
        """The people behind a number, and what is downloaded."""
        return [
            path("people-behind/", self.admin_view(views.people_behind), name="people_behind"),
            path("people-behind.csv", self.admin_view(views.people_csv), name="people_csv"),
            path("panels/<slug:slug>.csv", self.admin_view(views.panel_csv), name="panel_csv"),
        ]
