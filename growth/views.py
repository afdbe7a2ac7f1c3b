"""The pages for what went wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import defaults

A_MINUTE = timedelta(minutes=1)


def too_many_requests(request: HttpRequest, until: datetime | None = None) -> HttpResponse:
    """429: come back after `until`, or in a minute."""
    seconds = max(1, ceil(((until - timezone.now()) if until else A_MINUTE).total_seconds()))
    if speaks_json(request):
        response: HttpResponse = refusal("throttled", _("Too many requests."), 429)
    else:
        response = render(request, "429.html", {"minutes": ceil(seconds / 60)}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def speaks_json(request: HttpRequest) -> bool:
    """Whether the request is for the API, or a report of our own pages' scripts."""
    return request.path.startswith(("/api/", "/donate/track-", "/donate/request-"))


def refusal(code: str, message: str, status: int) -> JsonResponse:
    """A refusal in the API's one shape."""
    return JsonResponse({"code": code, "message": message, "fields": {}}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, without a word about why: whoever forged the request knows."""
    if speaks_json(request):
        return refusal("bad_request", _("The request cannot be understood."), 400)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if speaks_json(request):
        return refusal("permission_denied", _("You may not do this."), 403)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if speaks_json(request):
        return refusal("not_found", _("There is nothing here."), 404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without a trace of what happened; the log has it."""
    if speaks_json(request):
        return refusal("server_error", _("Something went wrong on our side."), 500)
    return defaults.server_error(request)
