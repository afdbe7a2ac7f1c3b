"""What pages say of supporter keys."""

from __future__ import annotations

from typing import Any

from django import template

from donations.models import Checkout, SupporterKey
from telemetry.consent.visitors import person_of

register = template.Library()


@register.inclusion_tag("donations/_license_section.html", takes_context=True)
def license_section(context: template.Context) -> dict[str, Any]:
    """For the settings: whether a key counts here for whoever looks, and the way to its page."""
    return {"standing": SupporterKey.objects.standing_for(person_of(context["request"]))}


@register.inclusion_tag("donations/_issued_key.html")
def issued_key(key: SupporterKey) -> dict[str, Any]:
    """A key that was bought, to be copied; show it to its owner alone."""
    return {"key": key}


@register.inclusion_tag("donations/_bought_key.html")
def bought_key(checkout: Checkout) -> dict[str, Any]:
    """The key that a paid checkout was for, or that it is still to be made; for whoever paid."""
    return {"key": SupporterKey.objects.filter(payment__checkout=checkout).first()}
