"""The page of somebody's referrals. Everything on it is their own; what is another's is not there: 404."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from referrals.forms import ShownName
from referrals.friends import Friend, friends_of
from referrals.links import invitation_link, qr_code, share_link
from referrals.models import Referral, ReferralCode
from referrals.overview import overview_of
from referrals.querysets.codes import NoFreeCode
from referrals.zones import zone_of
from telemetry.people.models import Person


@never_cache
@login_required
@require_safe
def referrals(request: HttpRequest) -> HttpResponse:
    """The code, the link, the friends, and the days."""
    return page(request, Person.objects.of_account(request.user))


@never_cache
@login_required
@require_POST
def name(request: HttpRequest) -> HttpResponse:
    """Say how one wants to be called in invitations."""
    person, form = Person.objects.of_account(request.user), ShownName(request.POST)
    if not form.is_valid():
        return page(request, person, form)
    code = code_of(person)
    if code is not None and code.name_as(form.cleaned_data["name"]):
        messages.success(request, _("Your invitations say so from now on."))
    return redirect("referrals")


@never_cache
@login_required
@require_POST
def link(request: HttpRequest) -> HttpResponse:
    """The link to share, with a code that is made if there was none."""
    code = code_of(Person.objects.of_account(request.user))
    return JsonResponse({"url": share_link(request, code if code and code.disabled_at is None else None)})


@never_cache
@login_required
@require_safe
def friend(request: HttpRequest, number: int) -> HttpResponse:
    """One friend of one's own, and the days that came of it."""
    person = Person.objects.of_account(request.user)
    mine = Referral.objects.filter(referrer=person).select_related("referred__account")
    referral = get_object_or_404(mine, pk=number)
    with timezone.override(zone_of(person)):
        lines = reversed(overview_of(person, at=timezone.now()).lines)
        theirs = [line for line in lines if line.entry.referral_id == referral.pk]
        return render(request, "referrals/friend.html", {"friend": Friend(referral), "lines": theirs})


def page(request: HttpRequest, person: Person, form: ShownName | None = None) -> HttpResponse:
    """The page, with what is wrong with a name if that was said."""
    code = code_of(person)
    url = invitation_link(request, code) if code is not None and code.disabled_at is None else ""
    with timezone.override(zone_of(person)):
        return render(
            request,
            "referrals/referrals.html",
            {
                "code": code,
                "link": url,
                "qr": qr_code(url) if url else "",
                "form": form or ShownName(initial={"name": code.shown_name if code else ""}),
                "friends": friends_of(person),
                "overview": overview_of(person, at=timezone.now()),
                "days": settings.REFERRAL_CREDIT_DAYS,
                "waits": settings.REFERRAL_CREDIT_START == "after_paid",
            },
        )


def code_of(person: Person) -> ReferralCode | None:
    """Their code, made if there was none; None when no code is free, of which staff know."""
    try:
        return ReferralCode.objects.issue_to(person, at=timezone.now())
    except NoFreeCode:
        return None
