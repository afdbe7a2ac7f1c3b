"""Catching `?ref=` wherever it leads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.encoding import escape_uri_path, iri_to_uri

from referrals.events import LinkOpened
from referrals.invitation import Invitation, carry_on, remember
from referrals.models import ReferralClick, ReferralCode
from telemetry.consent.visitors import person_of
from telemetry.log.track import track
from telemetry.operations.client_address import client_address
from telemetry.operations.limits import Limit, LimitReached

PARAMETER = "ref"
LOOKUPS_FROM_ONE = Limit("referral-code", 20, timedelta(minutes=1))


class InvitationMiddleware:
    """Takes the code out of the address and remembers it; the page then opens as if it had not been there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through, or send it on to the same page without the code."""
        now = timezone.now()
        if is_navigation(request) and PARAMETER in request.GET:
            catch(request, now=now)
            response: HttpResponse = HttpResponseRedirect(without_code(request))
            response["Cache-Control"] = "no-store"
        else:
            response = self.get_response(request)
        carry_on(request, response, now=now)
        return response


def is_navigation(request: HttpRequest) -> bool:
    """Whether somebody opens a page for end users in a tab, as far as the browser says."""
    headers = request.headers
    return (
        request.method == "GET"
        and not f"/{request.path.strip('/')}/".startswith(settings.REFERRALS_EXCEPT)
        and headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
        and "prefetch" not in headers.get("Sec-Purpose", "")
        and request.accepts("text/html")
    )


def catch(request: HttpRequest, *, now: datetime) -> bool:
    """Remember the code for a sign-up, and count the opening; False when there is nothing to remember.

    Nothing is said of an unknown or disabled code, and whoever has an account is brought by nobody.
    """
    if request.user.is_authenticated:
        return False
    try:
        LOOKUPS_FROM_ONE.take(client_address(request), now=now)
    except LimitReached:
        return False
    code = ReferralCode.objects.named(request.GET[PARAMETER])
    if code is None:
        return False
    visitor = person_of(request)
    remember(request, Invitation(code.code, now))
    ReferralClick.objects.count_up(code, day=timezone.localdate(now))
    if visitor is not None:
        track(visitor, LinkOpened(), at=now)
    return True


def without_code(request: HttpRequest) -> str:
    """The address of the same page without the code, all else as it was; always a path of our own."""
    path = escape_uri_path("/" + request.path.lstrip("/\\"))
    raw = request.META.get("QUERY_STRING", "").split("&")
    rest = "&".join(part for part in raw if unquote_plus(part.partition("=")[0]) != PARAMETER)
    return f"{path}?{iri_to_uri(rest)}" if rest else path
