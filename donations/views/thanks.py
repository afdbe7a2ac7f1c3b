"""Where people come back to when they have paid: it says what is true, and grants nothing."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from donations.fulfilment import fulfil
from donations.gateway import GatewayTrouble
from donations.models import Checkout
from donations.views.guests import is_theirs
from telemetry.operations.limits import Limit

LOOKS_OF_ONE = Limit("thanks", 200, timedelta(hours=1))
#: While it is not confirmed the page looks again by itself: soon at first, then seldom, then not any more.
LOOKS_AGAIN = ((timedelta(minutes=2), 3), (timedelta(minutes=30), 15))


@never_cache
@require_safe
@transaction.non_atomic_requests
def thanks(request: HttpRequest) -> HttpResponse:
    """Thanks once it is paid; until then, that we are confirming. 404 for what is not theirs."""
    session_id, now = request.GET.get("session_id", ""), timezone.now()
    if not re.fullmatch(r"\w{1,255}", session_id, re.ASCII):
        raise Http404
    checkout = Checkout.objects.filter(session_id=session_id).select_related("person").first()
    if checkout is None or not is_theirs(request, checkout):
        raise Http404
    if checkout.state in (Checkout.State.OPEN, Checkout.State.PROCESSING):
        LOOKS_OF_ONE.take(session_id, now=now)
        with suppress(GatewayTrouble):  # the webhook will tell
            checkout = fulfil(session_id, now=now)
    response = render(request, "donations/thanks.html", {"checkout": checkout})
    response["Referrer-Policy"] = "no-referrer"
    if checkout.state == Checkout.State.OPEN and (pause := _pause(checkout, now)):
        response["Refresh"] = str(pause)
    return response


def _pause(checkout: Checkout, now: datetime) -> int | None:
    """In how many seconds to look again; None when it takes too long for waiting."""
    age = now - checkout.created_at
    return next((seconds for most, seconds in LOOKS_AGAIN if age < most), None)
