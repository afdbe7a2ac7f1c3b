"""What there is to know, for whoever wants to: nobody has to sign in for it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from donations.keys import can_issue
from donations.money import Money
from donations.visibility import SupportVisibility


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """What is free, what is paid for, and what it costs."""
    currency = settings.SUPPORT_CURRENCY
    return render(
        request,
        "growth/site/pricing.html",
        {
            "membership": Money(settings.SUPPORT_MEMBERSHIP_PRICE, currency),
            "sells_key": can_issue(),
            "asks": SupportVisibility.for_request(request).entry_points,
            "key": Money(settings.SUPPORT_KEY_PRICE, currency),
            "grace_days": settings.SUPPORT_GRACE_DAYS,
        },
    )


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this is and who pays for it."""
    return render(request, "growth/site/about.html", {"version": settings.VERSION})


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Questions that people have."""
    return render(request, "growth/site/help.html")
