"""What consent asks of every request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from telemetry.consent.answers import heed
from telemetry.consent.visitors import COOKIES, forget, person_of, signal_of


class ConsentMiddleware:
    """Hears a browser's signal before the view does, and takes a visitor's cookies from whoever signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through."""
        signal = signal_of(request)
        if signal and (person := person_of(request)) is not None:
            heed(person, signal=signal, at=timezone.now())
        response = self.get_response(request)
        if request.COOKIES.keys() & set(COOKIES) and request.user.is_authenticated:
            forget(request, response)
        return response
