"""What stands on every page for end users."""

from __future__ import annotations

from typing import Any

from django import template

from donations.visibility import SupportVisibility
from growth.site.navigation import PAGES, is_busy, name_of

register = template.Library()


@register.simple_tag(takes_context=True)
def quiet_where_busy(context: template.Context) -> str:
    """At the head of every page: ask for nothing where somebody is in the middle of something else."""
    request = context.get("request")
    if request is not None and is_busy(request):
        SupportVisibility.silence(request)
    return ""


@register.inclusion_tag("growth/site/_navigation.html", takes_context=True)
def site_navigation(context: template.Context) -> dict[str, Any]:
    """The way around; the page that is open is marked."""
    request = context.get("request")
    return {"pages": PAGES, "here": name_of(request), "request": request}
