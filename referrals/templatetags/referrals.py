"""What pages show of invitations."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from referrals.invitation import carried_by
from referrals.links import invitation_link
from referrals.models import ReferralCode
from referrals.overview import overview_of
from referrals.zones import zone_of
from telemetry.people.models import Person

register = template.Library()


@register.inclusion_tag("referrals/_invitation.html", takes_context=True)
def invitation(context: template.Context) -> dict[str, Any]:
    """The line for whoever arrived by a friend's link; nothing for anybody else.

    It names the friend as they chose to be called, and not at all if they chose nothing.
    """
    request: HttpRequest | None = context.get("request")
    if request is None or request.user.is_authenticated:
        return {"code": None}
    carried = carried_by(request, now=timezone.now())
    return {
        "code": carried and ReferralCode.objects.named(carried.code),
        "days": settings.REFERRAL_CREDIT_DAYS,
        "signup_url": context.get("signup_url"),
    }


@register.inclusion_tag("referrals/_section.html", takes_context=True)
def referral_section(context: template.Context) -> dict[str, Any]:
    """The section on the settings page: code, link, rewards that still run, days on the account."""
    request: HttpRequest = context["request"]
    person = Person.objects.filter(account=request.user.pk).first()
    code = ReferralCode.objects.shown_to(person) if person is not None else None
    usable = code is not None and code.disabled_at is None
    return {
        "code": code if usable else None,
        "link": invitation_link(request, code) if code is not None and usable else "",
        "overview": overview_of(person, at=timezone.now()),
        "zone": zone_of(person) if person is not None else None,
        **promise(),
    }


@register.inclusion_tag("referrals/_offer.html")
def referral_offer() -> dict[str, Any]:
    """What an introduction is worth, where prices are told."""
    return promise()


def promise() -> dict[str, Any]:
    """How many days, and whether they wait for the end of a membership."""
    return {"days": settings.REFERRAL_CREDIT_DAYS, "waits": settings.REFERRAL_CREDIT_START == "after_paid"}
