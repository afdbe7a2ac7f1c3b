"""What a refused request is told: `{"code", "message", "fields"}`, from every endpoint alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import msgspec
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _

RETRY_SECONDS = 5


class Problem(Exception):
    """A request is refused: `code` for programs, `message` for people, `fields` for what is wrong where."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        fields: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"code": code, "message": message, "fields": dict(fields or {})}

    def response(self) -> HttpResponse:
        """The answer, where no REST framework stands in between."""
        return HttpResponse(
            msgspec.json.encode(self.body),
            status=self.status,
            headers=self.headers,
            content_type="application/json",
        )


def unavailable() -> Problem:
    """The database does not answer."""
    message = _("The database does not answer. Try again.")
    return Problem(503, "unavailable", message, headers={"Retry-After": str(RETRY_SECONDS)})


def telling_problems(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A plain view that may raise `Problem`, or lose its database or its client."""

    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except Problem as problem:
            return problem.response()
        except (OperationalError, InterfaceError):
            return unavailable().response()
        except UnreadablePostError:
            return Problem(400, "unreadable", _("The body could not be read to its end.")).response()

    return wrapped
