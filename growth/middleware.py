"""What stands before every page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError, OperationalError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from growth.models import User

RETRY_AFTER = 2  # seconds


class DatabaseTroubleMiddleware:
    """Outermost: whatever met a database that is away, full or too slow is answered 503, with Retry-After.

    An exception of an inner middleware never reaches an outer one: Django has made it a 500 by then.
    So it is the signal that tells.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, or 503."""
        try:
            response = self.get_response(request)
        except (OperationalError, InterfaceError):  # the error page needed the database, too
            return unavailable(request)
        return unavailable(request) if hasattr(request, "met_database_trouble") else response


@receiver(got_request_exception)
def notice_database_trouble(request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """Mark the request whose handling raised a database's error that goes away by itself."""
    error = sys.exc_info()[1]
    if request is None or not isinstance(error, DatabaseError | InterfaceError):
        return
    account = getattr(request, "user", AnonymousUser())
    if isinstance(error, OperationalError | InterfaceError) or was_erased(account):
        request.met_database_trouble = True  # type: ignore[attr-defined]


def was_erased(account: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the account went while its request was answered: the next one comes from nobody signed in."""
    return account.is_authenticated and not User.objects.filter(pk=account.pk).exists()


def unavailable(request: HttpRequest) -> HttpResponse:
    """Come back in two seconds; a page for people, which needs no database, else the API's shape."""
    headers = {"Retry-After": str(RETRY_AFTER)}
    if "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/api/"):
        return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
    body = {"code": "unavailable", "message": _("Please try again in a moment."), "fields": {}}
    return JsonResponse(body, status=503, headers=headers)
