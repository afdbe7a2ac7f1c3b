"""What the pages about money answer alike."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

RETRY_AFTER = 30  # seconds


def see_other(url: str) -> HttpResponse:
    """303: go on there, and do not send the form again."""
    return HttpResponse(status=303, headers={"Location": url})


def origin_of(request: HttpRequest) -> str:
    """Of this site, for addresses that leave it: never what a Host header says, in production."""
    origin: str = settings.SITE_URL or request.build_absolute_uri("/")[:-1]
    return origin


def unavailable(request: HttpRequest, fields: dict[str, str]) -> HttpResponse:
    """Stripe is away: the same form, to be sent once more. Nothing was charged and nothing is lost."""
    context = {"fields": fields, "action": request.path}
    response = render(request, "donations/unavailable.html", context, status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def not_configured(request: HttpRequest) -> HttpResponse:
    """There is no key to take money with; staff read what is missing."""
    return render(request, "donations/not_configured.html", status=409)
