"""What all endpoints have in common to which our pages report: who may, how often, and what is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from math import ceil
from typing import Any, TypeVar

import msgspec
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from telemetry.api.problems import Problem, telling_problems
from telemetry.log import strict_json
from telemetry.operations.limits import Limit, LimitReached

#: No report takes more.
MOST_BYTES = 4096
REPORTS = Limit("support-report", 240, timedelta(minutes=10))
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - a field's name

Said = TypeVar("Said", bound=msgspec.Struct)
View = Callable[[HttpRequest], HttpResponse]


class Origin(CsrfViewMiddleware):
    """Django's own check, which says no in JSON."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        message = _("The form's token is missing or wrong. Load the page again.")
        return Problem(403, "csrf", message).response()


def reports(shape: type[Said]) -> Callable[[Callable[[HttpRequest, Said], dict[str, Any]]], View]:
    """Make an endpoint of a function that takes what was said, as `shape`, and returns what to answer.

    POST by a session; JSON, or the form of a beacon, which can carry its token only as a field. Problems are
    told in JSON: 401, 403, 405, 413, 415, 429, and 400 for what cannot be read or is not in the vocabulary.
    """

    def decorate(view: Callable[[HttpRequest, Said], dict[str, Any]]) -> View:
        @csrf_exempt  # checked below, after what needs no look at the body
        @never_cache
        @telling_problems
        @wraps(view)
        def endpoint(request: HttpRequest) -> HttpResponse:
            refuse_unread(request)
            if (foreign := came_from_elsewhere(request)) is not None:
                return foreign
            take_one(request)
            return JsonResponse(view(request, read(request, shape)))

        return endpoint

    return decorate


def refuse_unread(request: HttpRequest) -> None:
    """`Problem` for what is refused by its method, its sender and its headers alone."""
    if request.method != "POST":
        message = _("Send it by POST.")
        raise Problem(405, "method_not_allowed", message, headers={"Allow": "POST"})
    if not request.user.is_authenticated:
        raise Problem(401, "not_signed_in", _("Sign in first."))
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise Problem(413, "too_large", _("The body is larger than %(most)s bytes.") % {"most": MOST_BYTES})
    if request.content_type not in ("application/json", *FORMS):
        raise Problem(415, "unsupported_media_type", _("Send it as application/json."))


def came_from_elsewhere(request: HttpRequest) -> HttpResponse | None:
    """The refusal of a request that no page of ours made."""
    check = Origin(_nothing)
    check.process_request(request)
    try:
        return check.process_view(request, _nothing, (), {})
    except (MultiPartParserError, SuspiciousOperation, UnicodeDecodeError) as error:
        raise Problem(400, "not_a_form", _("The body is no form.")) from error


def _nothing(_request: HttpRequest) -> HttpResponse:
    """What Django's check asks of a view: whether it is exempt. This one is not."""
    return HttpResponse()


def take_one(request: HttpRequest) -> None:
    """Count the report; `Problem` when there were too many."""
    now = timezone.now()
    try:
        REPORTS.take(str(request.user.pk), now=now)
    except LimitReached as limit:
        seconds = max(1, ceil((limit.until - now).total_seconds()))
        headers = {"Retry-After": str(seconds)}
        raise Problem(429, "throttled", _("Too many requests."), headers=headers) from limit


def read(request: HttpRequest, shape: type[Said]) -> Said:
    """What was said; `Problem` names what is wrong with it."""
    said = as_json(request) if request.content_type == "application/json" else as_form(request)
    if not isinstance(said, dict):
        raise Problem(400, "not_an_object", _("The body is no JSON object."))
    try:
        return msgspec.convert(said, shape)
    except msgspec.ValidationError as error:
        raise Problem(400, "invalid", _("That is not in the vocabulary."), fields=told(error)) from error


def as_json(request: HttpRequest) -> Any:
    """The body, read strictly."""
    try:
        said = strict_json.read(request.body)
    except strict_json.Unreadable as error:
        raise Problem(400, error.code, error.message) from error
    if fault := strict_json.fault_of(said):
        raise Problem(400, "invalid", _("The body %(fault)s.") % {"fault": fault})
    return said


def as_form(request: HttpRequest) -> dict[str, str]:
    """The fields of a form; nothing twice, and no files."""
    fields = {name: values for name, values in request.POST.lists() if name != TOKEN}
    if request.FILES or any(len(values) != 1 for values in fields.values()):
        raise Problem(400, "invalid", _("Each field is sent once, and no files."))
    return {name: values[0] for name, values in fields.items()}


def told(error: msgspec.ValidationError) -> dict[str, list[str]]:
    """Which field is wrong, and how."""
    problem, _at, path = str(error).partition(" - at `$.")
    return {path.rstrip("`") or "body": [problem]}
