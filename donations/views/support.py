"""The support page, reachable for everybody at all times, and what somebody decides about being asked."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from donations.events import Placement, Prompt
from donations.funnel import touch
from donations.models import Supporter
from donations.models.interaction import InteractionType
from donations.visibility import SupportVisibility
from telemetry.people.models import Person


@never_cache
@require_safe
def support(request: HttpRequest) -> HttpResponse:
    """The whole ask on one page, with the same form as the dialog; `from` says what led here."""
    seen = SupportVisibility.for_request(request)
    placement = _placement(request.GET.get("from", ""))
    prompt = _prompt(request.GET.get("prompt", ""))
    if seen.person is not None and request.method == "GET" and not _fetched_ahead(request):
        viewed = InteractionType.PAGE_VIEWED
        touch(
            seen.person, viewed, at=timezone.now(), variant=seen.variant, placement=placement, prompt=prompt
        )
    return render(
        request,
        "donations/support.html",
        {
            "seen": seen,
            "placement": placement.value,
            "prompt": prompt.value if prompt else "",
            "coffee": settings.SUPPORT_COFFEE_URL,
            "paypal": settings.SUPPORT_PAYPAL_URL,
        },
    )


@require_POST
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Never ask me, or as everybody else."""
    never = request.POST.get("never_ask") == "on"
    Supporter.objects.prefer(Person.objects.of_account(request.user), never_ask=never)
    messages.success(
        request, _("We will not ask you again.") if never else _("Thank you. We ask now and then.")
    )
    return HttpResponseRedirect(f"{reverse('settings')}#support-community")


def _placement(said: str) -> Placement:
    return Placement(said) if said in Placement.values else Placement.DONATE_PAGE


def _prompt(said: str) -> Prompt | None:
    return Prompt(said) if said in Prompt.values else None


def _fetched_ahead(request: HttpRequest) -> bool:
    return "prefetch" in request.headers.get("Sec-Purpose", "")
