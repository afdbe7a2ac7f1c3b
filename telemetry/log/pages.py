"""Which pages people look at, as far as they said yes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from telemetry.consent.visitors import person_of
from telemetry.log.context import context_of, during, enter
from telemetry.log.product_events import PageViewed
from telemetry.log.track import track

logger = logging.getLogger(__name__)


def track_page_view(request: HttpRequest, *, at: datetime) -> bool:
    """Record that a page was looked at, by its route's name; False for who did not say yes."""
    match, person = request.resolver_match, person_of(request)
    if match is None or person is None:
        return False
    return track(person, PageViewed(route=match.view_name), at=at, context=context_of(request))


class PageViewMiddleware:
    """Counts the pages people were shown, and tells events of a request where they happened."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through; a page that is made is shown, even if counting it fails."""
        with during():
            response = self.get_response(request)
            if is_page(request, response):
                try:
                    track_page_view(request, at=timezone.now())
                except DatabaseError as error:
                    logger.warning("a page view was lost", extra={"error": type(error).__qualname__})
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """Now the route is known."""
        enter(context_of(request))


def is_page(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether somebody was shown a page for end users: no redirect, no file, nothing fetched ahead."""
    return (
        request.method == "GET"
        and response.status_code == 200
        and response.get("Content-Type", "").startswith("text/html")
        and "prefetch" not in request.headers.get("Sec-Purpose", "")
        and not request.path.startswith(settings.PAGE_VIEWS_EXCEPT)
    )
