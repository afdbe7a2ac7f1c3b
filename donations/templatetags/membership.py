"""The section on money in somebody's settings."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone

from donations.membership import Membership
from donations.money import Money
from telemetry.consent.visitors import person_of

register = template.Library()


@register.inclusion_tag("donations/_membership.html", takes_context=True)
def membership_section(context: template.Context) -> dict[str, Any]:
    """What they pay, until when, what to do when a renewal failed, and what they gave so far."""
    now = timezone.now()
    return {
        "membership": Membership.of(person_of(context["request"]), at=now),
        "now": now,
        "price": Money(settings.SUPPORT_MEMBERSHIP_PRICE, settings.SUPPORT_CURRENCY),
        "csrf_token": context.get("csrf_token"),
    }
