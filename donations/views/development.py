"""The development checkout: pages that play Stripe's, and tell what Stripe would tell, really signed.

Only in the embedded default without a key; elsewhere there is nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from donations.development import OfflineStripe, Told
from donations.development.happening import Card
from donations.gateway import API_VERSION, development_secret
from donations.inbox import accept
from donations.models import DevelopmentObject
from donations.models.development import Body
from donations.money import Money
from donations.seen import SubscriptionSeen
from donations.views.answers import see_other


@never_cache
@require_http_methods(["GET", "POST"])
@transaction.non_atomic_requests
def checkout(request: HttpRequest, session_id: str) -> HttpResponse:
    """Stripe's page for one Checkout session: pay, pay slowly, be declined, go back."""
    stripe, now = _stripe(), timezone.now()
    row = _row("checkout.session", session_id)
    session, act = row.body, request.POST.get("act", "")
    thanks = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
    if act == "back":
        return see_other(session["cancel_url"])
    if told := _act(stripe, session, act, request.POST.get("email", "")):
        _tell(told, now)
        return see_other(thanks)
    return render(
        request,
        "donations/development/checkout.html",
        {
            "session": session,
            "name": row.asked["line_items"][0]["price_data"]["product_data"]["name"],
            "money": Money(session["amount_total"], session["currency"]),
            "declined": act == "decline",
            "thanks": thanks,
        },
    )


def _act(stripe: OfflineStripe, session: Body, act: str, email: str) -> list[Told]:
    """What happens at Stripe; nothing for what the page does not offer as it stands."""
    if session["status"] == "open" and act == "pay":
        return stripe.pays(session["id"], card=_card(session, _address(email)))
    if session["status"] == "open" and act == "later":
        return stripe.pays_later(session["id"])
    if session["status"] == "complete" and session["payment_status"] == "unpaid":
        if act == "arrive":
            return stripe.money_arrives(session["id"], card=_card(session))
        if act == "fail":
            return stripe.money_does_not_arrive(session["id"])
    return []


def _card(session: Body, email: str | None = None) -> Card:
    """A card of one's own: with one for everybody, no friend of a member would ever be rewarded."""
    owner = session["customer"] or email or session["customer_email"] or session["id"]
    return Card(fingerprint=f"offline-{owner}", email=email)


def _address(typed: str) -> str | None:
    """What was typed, if it can be written to."""
    try:
        validate_email(typed.strip())
    except ValidationError:
        return None
    return typed.strip()


@dataclass(frozen=True, slots=True)
class Line:
    """A subscription as the portal shows it."""

    id: str
    status: str
    money: Money
    period_end: datetime | None
    cancel_at: datetime | None


@never_cache
@require_http_methods(["GET", "POST"])
@transaction.non_atomic_requests
def portal(request: HttpRequest, session_id: str) -> HttpResponse:
    """Stripe's Customer Portal for one customer: cancel, go on, pay what is due."""
    stripe, session = _stripe(), _row("billing_portal.session", session_id).body
    subscriptions = DevelopmentObject.objects.of("subscription", customer=session["customer"])
    if request.method == "POST":
        verbs = {"cancel": stripe.cancels, "resume": stripe.resumes, "catch_up": stripe.catches_up}
        verb = verbs.get(request.POST.get("act", ""))
        running = subscriptions.exclude(body__status="canceled").values_list("stripe_id", flat=True)
        if verb is not None and (wanted := request.POST.get("subscription", "")) in running:
            _tell(verb(wanted), timezone.now())
        return see_other(request.path)
    return render(
        request,
        "donations/development/portal.html",
        {"subscriptions": [_line(row.body) for row in subscriptions], "return_url": session["return_url"]},
    )


def _line(body: dict[str, Any]) -> Line:
    seen = SubscriptionSeen.of(body)
    return Line(seen.id, seen.status, Money(seen.amount, seen.currency), seen.period_end, seen.cancel_at)


def _stripe() -> OfflineStripe:
    if not settings.DEVELOPMENT_CHECKOUT:
        raise Http404
    return OfflineStripe(development_secret(), version=API_VERSION)


def _row(kind: str, ident: str) -> DevelopmentObject:
    row = DevelopmentObject.objects.filter(type=kind, stripe_id=ident).first()
    if row is None:
        raise Http404
    return row


def _tell(told: Iterable[Told], now: datetime) -> None:
    """Deliver as Stripe would: the raw body and its signature."""
    for one in told:
        accept(one.body, one.signature, now=now)
