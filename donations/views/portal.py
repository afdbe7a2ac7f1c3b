"""The way to Stripe's Customer Portal, where members change and end what they pay."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from donations import gateway
from donations.gateway import GatewayTrouble, NotConfigured
from donations.models import StripeCustomer
from donations.views.answers import not_configured, origin_of, see_other, unavailable
from donations.views.checkout import CHECKOUTS_OF_ONE
from telemetry.consent.visitors import person_of


@never_cache
@require_POST
@transaction.non_atomic_requests
def portal(request: HttpRequest) -> HttpResponse:
    """Send a member to their own portal. Its address lets anybody in: it is neither kept nor logged."""
    person = person_of(request) if request.user.is_authenticated else None
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("settings"))
    customer = StripeCustomer.objects.portal_of(person) if person is not None else None
    if person is None or customer is None:
        messages.info(request, _("There is nothing to manage: you have not paid anything yet."))
        return redirect("settings")
    CHECKOUTS_OF_ONE.take(f"person {person.pk}", now=timezone.now())
    try:
        url = gateway.portal_url(customer.customer_id, return_url=origin_of(request) + reverse("settings"))
    except NotConfigured:
        return not_configured(request)
    except GatewayTrouble:
        return unavailable(request, {})
    response = see_other(url)
    response["Referrer-Policy"] = "no-referrer"
    return response
