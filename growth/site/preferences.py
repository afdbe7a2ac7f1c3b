"""The settings page: one section for each thing that is somebody's own to decide."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@login_required
@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    """How they sign in; what else there is, the sections say themselves."""
    factors = {factor.type: factor.wrap() for factor in Authenticator.objects.filter(user=request.user)}
    codes = factors.get(Authenticator.Type.RECOVERY_CODES)
    return render(
        request,
        "growth/site/settings.html",
        {
            "address": EmailAddress.objects.get_primary(request.user),
            "has_app": Authenticator.Type.TOTP in factors,
            "codes_left": len(codes.get_unused_codes()) if codes else None,
        },
    )
