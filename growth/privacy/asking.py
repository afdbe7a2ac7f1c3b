"""Who is asked, once, whether their use of the pages may be measured; and where they go on afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from growth.accounts.redirects import is_own_path
from telemetry.consent.visitors import answer_of


def may_ask(request: HttpRequest) -> bool:
    """Whether the answer matters here and nobody has given it: neither the person nor their browser.

    Under `opt_out` silence is an answer. A page that was not found asks nothing; nor do those on privacy,
    where the same question stands, or goodbye is said.
    """
    found = getattr(request, "resolver_match", None)
    if settings.TELEMETRY_CONSENT != "opt_in" or found is None or found.view_name.startswith("privacy"):
        return False
    return hasattr(request, "user") and answer_of(request) is None


def way_on(request: HttpRequest) -> dict[str, str]:
    """The fields of a form that leads back to this page: its path, and where it would have led itself."""
    if is_own_path(here := request.get_full_path()):
        return {"next": here, "onward": ""}
    return {"next": request.path, "onward": request.GET.get("next", "")}


def next_page(fields: Mapping[str, str]) -> str:
    """Where these fields lead: to our own pages only, else to the privacy page."""
    page, onward = fields.get("next", ""), fields.get("onward", "")
    if not is_own_path(page):
        return reverse("privacy")
    if "?" in page or not is_own_path(onward):
        return page
    return f"{page}?{urlencode({'next': onward})}"
