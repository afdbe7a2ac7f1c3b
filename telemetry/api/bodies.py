"""Requests that are refused before anybody reads their body."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from telemetry.api.problems import Problem


class BodyGuard:
    """Middleware: answers 411 and 413 by the headers alone, and refuses query strings without end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through, or say why not."""
        problem = refusal(request)
        return self.get_response(request) if problem is None else problem.response()


def refusal(request: HttpRequest) -> Problem | None:
    """Why a request is not even read."""
    if request.META.get("QUERY_STRING", "").count("&") >= (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 0):
        return Problem(400, "too_many_parameters", _("The query string has too many parameters."))
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length:
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return Problem(411, "length_required", _("Send the body's length as Content-Length."))
        return None
    if not (length.isascii() and length.isdigit()):
        return Problem(400, "bad_length", _("Content-Length is not a number."))
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    if len(length) > len(str(most)) or int(length) > most:
        return Problem(413, "too_large", _("The body is larger than %(most)s bytes.") % {"most": most})
    return None
