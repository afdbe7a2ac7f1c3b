"""How the REST framework's exceptions become answers of this API."""

from __future__ import annotations

from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from telemetry.api.problems import Problem, unavailable

#: Where Django's default differs from the words of this API.
CODES = {400: "invalid", 404: "not_found", 405: "method_not_allowed", 406: "not_acceptable", 429: "throttled"}


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The REST framework's exception handler."""
    if isinstance(error, (OperationalError, InterfaceError)):
        error = unavailable()
    if isinstance(error, Problem):
        return Response(error.body, status=error.status, headers=error.headers)
    response = exception_handler(error, context)
    if response is not None:
        response.data = _body(error, response)
    return response


def _body(error: Exception, response: Response) -> dict[str, Any]:
    """The words for an exception that the REST framework knows."""
    if isinstance(error, exceptions.ValidationError):
        fields = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        return {"code": "invalid", "message": _("Some values cannot be accepted."), "fields": fields}
    if not isinstance(error, exceptions.APIException):
        missing = isinstance(error, Http404)
        code, message = ("not_found", _("Not found.")) if missing else ("permission_denied", _("Refused."))
        return {"code": code, "message": message, "fields": {}}
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else CODES.get(response.status_code, "refused")
    return {"code": code, "message": str(error.detail), "fields": {}}
