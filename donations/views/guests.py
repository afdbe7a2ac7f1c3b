"""How a guest is known again who comes back from Stripe: by a cookie that lives for a day."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from donations.models import Checkout
from telemetry.consent.visitors import person_of

COOKIE = "growth_checkout"
A_DAY = timedelta(days=1)


def remember(response: HttpResponse, checkout: Checkout) -> None:
    """Give the browser of a guest the name of their checkout; nobody else needs one."""
    if checkout.person_id is None:
        response.set_cookie(
            COOKIE,
            signing.dumps(str(checkout.public_id), salt=COOKIE),
            max_age=A_DAY,
            path=reverse("support_thanks"),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def is_theirs(request: HttpRequest, checkout: Checkout) -> bool:
    """Whether a checkout belongs to whoever asks: to their person, or to the guest in this browser."""
    if checkout.person_id is not None:
        person = person_of(request)
        return person is not None and person.pk == checkout.person_id
    try:
        known: object = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=A_DAY)
    except signing.BadSignature:
        return False
    return known == str(checkout.public_id)
