"""The placements of the ask, for any page. Each looks at the one policy; none asks who may not be asked."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import template
from django.conf import settings
from django.http import HttpRequest

from donations.addresses import support_page
from donations.choices import KEY, offered
from donations.events import Placement
from donations.experiments import CTA_ALT, KEY_FIRST
from donations.keys import can_issue
from donations.milestones import milestone_of
from donations.money import Money
from donations.visibility import SupportVisibility

register = template.Library()


def seen_by(context: template.Context) -> SupportVisibility | None:
    """What whoever reads the page may be shown; None on pages without a request."""
    request: HttpRequest | None = context.get("request")
    return (
        SupportVisibility.for_request(request) if request is not None and hasattr(request, "user") else None
    )


def entry_point(context: template.Context, placement: str, **more: Any) -> dict[str, Any]:
    """A control that opens the dialog, or leads to the page without scripts."""
    where, seen = Placement(placement).value, seen_by(context)
    return {
        "placement": where,
        "shows": seen is not None and seen.may_ask_at(where),
        "words": words_of(seen),
        "seen": seen,
        **more,
    }


def key_comes_first(seen: SupportVisibility | None) -> bool:
    """Whether somebody is offered the key before an amount: by their arm, and where keys are made."""
    return can_issue() and seen is not None and seen.variant == KEY_FIRST


def words_of(seen: SupportVisibility | None) -> str:
    """Which of the two calls to action somebody reads."""
    return "other" if seen is not None and seen.variant == CTA_ALT else "first"


@register.inclusion_tag("donations/_button.html", takes_context=True)
def support_button(context: template.Context, placement: str = "header") -> dict[str, Any]:
    """The button of the header: it pulses once a session."""
    return entry_point(context, placement)


@register.inclusion_tag("donations/_link.html", takes_context=True)
def support_link(context: template.Context, placement: str) -> dict[str, Any]:
    """A plain entry, for a sidebar, a menu or a text."""
    return entry_point(context, placement)


@register.inclusion_tag("donations/_item.html", takes_context=True)
def support_item(context: template.Context, placement: str) -> dict[str, Any]:
    """The same as an item of a list."""
    return entry_point(context, placement)


@register.inclusion_tag("donations/_card.html", takes_context=True)
def support_card(context: template.Context, placement: str) -> dict[str, Any]:
    """A card of its own: the ask, or the thanks to a supporter."""
    return entry_point(context, placement, **sharing(context), csrf_token=context.get("csrf_token"))


@register.inclusion_tag("donations/_banner.html", takes_context=True)
def support_banner(context: template.Context) -> dict[str, Any]:
    """The banner above the content; its place is reserved, it fades in."""
    seen = seen_by(context)
    return {
        "shows": seen is not None and seen.banner,
        "placement": Placement.BANNER.value,
        "key_first": key_comes_first(seen),
        "words": words_of(seen),
        "title": milestone_of(seen.statistics).title if seen else "",
        "coffee": settings.SUPPORT_COFFEE_URL,
        "paypal": settings.SUPPORT_PAYPAL_URL,
    }


@register.inclusion_tag("donations/_modal.html", takes_context=True)
def support_modal(context: template.Context) -> dict[str, Any]:
    """The dialog that all of them open, the toasts, and what their script has to know: once a page."""
    seen = seen_by(context)
    signed_in = seen is not None and context["request"].user.is_authenticated
    return {
        "shows": seen is not None and signed_in and (seen.entry_points or seen.supporter),
        "long_session_minutes": settings.SUPPORT_LONG_SESSION_MINUTES,
        "csrf_token": context.get("csrf_token"),
        **ask(seen, Placement.SUPPORT_MODAL.value),
        **sharing(context),
    }


@register.inclusion_tag("donations/_ask.html", takes_context=True)
def support_ask(context: template.Context, placement: str, prompt: str = "") -> dict[str, Any]:
    """The form of the ask by itself: the support page. Unless another led there, its key is a placement."""
    where = Placement(placement)
    asked = ask(seen_by(context), where.value, prompt)
    key = Placement.DONATE_PAGE_KEY if where is Placement.DONATE_PAGE else where
    return {
        **asked,
        "key_placement": key.value,
        "csrf_token": context.get("csrf_token"),
        "form_id": "page",
    }


@register.inclusion_tag("donations/_thanks.html", takes_context=True)
def support_figures(context: template.Context) -> dict[str, Any]:
    """Hours, entries and reports of whoever reads the page."""
    return {"seen": seen_by(context)}


@register.inclusion_tag("donations/_share.html", takes_context=True)
def support_share(context: template.Context, placement: str) -> dict[str, Any]:
    """Share the product: by the device, the clipboard, or a field to select from."""
    return {
        "placement": Placement(placement).value,
        "csrf_token": context.get("csrf_token"),
        **sharing(context),
    }


@register.inclusion_tag("donations/_preferences.html", takes_context=True)
def support_preferences(context: template.Context) -> dict[str, Any]:
    """The section "Support & community" of the settings."""
    asked = entry_point(context, Placement.SETTINGS.value, **sharing(context))
    return {**asked, "csrf_token": context.get("csrf_token")}


def ask(seen: SupportVisibility | None, placement: str, prompt: str = "") -> dict[str, Any]:
    """What the form of the ask offers, to whom."""
    currency = settings.SUPPORT_CURRENCY
    return {
        "seen": seen,
        "may_renew": seen is not None and seen.person is not None and seen.person.account_id is not None,
        "placement": placement,
        "key_placement": placement,
        "prompt": prompt,
        "here": support_page(placement, prompt),
        "choices": offered(),
        "key_choice": KEY,
        "sells_key": can_issue(),
        "key_price": Money(settings.SUPPORT_KEY_PRICE, currency),
        "membership": Money(settings.SUPPORT_MEMBERSHIP_PRICE, currency),
        "least": Money(settings.SUPPORT_MINIMUM, currency),
        "currency": currency.upper(),
        "social_proof": settings.SUPPORT_SOCIAL_PROOF,
        "key_first": key_comes_first(seen),
        "words": words_of(seen),
        "form_token": uuid4(),
        "key_token": uuid4(),
        "form_id": "dialog",
    }


def sharing(context: template.Context) -> dict[str, Any]:
    """What Share shares while nobody's code is known: the stated page, else our own first one."""
    request = context.get("request")
    own = request.build_absolute_uri("/") if request is not None else ""
    return {"request": request, "share_url": settings.SUPPORT_SHARE_URL or own}
