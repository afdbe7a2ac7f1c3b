"""From a form of ours to Stripe's page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from donations.addresses import support_page
from donations.forms import CheckoutForm
from donations.gateway import GatewayTrouble, NotConfigured
from donations.models import Checkout
from donations.models.checkout import Kind
from donations.querysets.beginning import AlreadyMember, StillConfirming
from donations.views.answers import not_configured, origin_of, see_other, unavailable
from donations.views.guests import remember
from telemetry.consent.visitors import person_of
from telemetry.operations.client_address import client_address
from telemetry.operations.limits import Limit
from telemetry.people.models import Person

CHECKOUTS_OF_ONE = Limit("checkout", 60, timedelta(hours=1))
#: A house full of people may give from one address.
CHECKOUTS_FROM_ONE = Limit("checkout-ip", 300, timedelta(hours=1))


@never_cache
@require_POST
@transaction.non_atomic_requests
def begin_checkout(request: HttpRequest) -> HttpResponse:
    """Open a checkout and send the browser there; 400 for a form that is none of ours."""
    form, now = CheckoutForm(request.POST), timezone.now()
    if not form.is_valid():
        if not form.lacks_an_amount_only:
            raise SuspiciousOperation("No such checkout.")
        return render(request, "donations/checkout_refused.html", {"form": form}, status=400)
    if form.wish.kind == Kind.MONTHLY and not request.user.is_authenticated:
        # What goes on can be ended in the settings, and a guest has none.
        return redirect_to_login(support_page(form.wish.placement, form.wish.prompt))
    person = _payer(request)
    _count(request, person, now)
    try:
        checkout = Checkout.objects.begin(person, form.wish, origin=origin_of(request), at=now)
    except AlreadyMember:
        return render(request, "donations/already_member.html", status=409)
    except StillConfirming as paid:
        return see_other(f"{reverse('support_thanks')}?session_id={paid.checkout.session_id}")
    except NotConfigured:
        return not_configured(request)
    except GatewayTrouble:
        # The same token: what was begun goes on where it stopped.
        return unavailable(request, form.again() | {"token": str(form.cleaned_data["token"])})
    response = see_other(checkout.session_url)
    remember(response, checkout)
    return response


def _payer(request: HttpRequest) -> Person | None:
    """Who pays: the account's person; a visitor who agreed to be known; else a guest."""
    if request.user.is_authenticated:
        return Person.objects.of_account(request.user)
    return person_of(request)


def _count(request: HttpRequest, person: Person | None, now: datetime) -> None:
    address = client_address(request)
    CHECKOUTS_FROM_ONE.take(address, now=now)
    CHECKOUTS_OF_ONE.take(f"person {person.pk}" if person else address, now=now)
