"""Showing once more that it is you, before something that matters."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate, suspend_request
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from growth.accounts.middleware import must_enrol


def required(request: HttpRequest) -> HttpResponse | None:
    """Where to send signed-in staff before an export, a refund or a grant; None when they may go on.

    Without a second factor there is nothing to ask for: in production they are sent to set one up, the
    embedded default lets them go on. With one they show it, and come back to what they asked for.
    """
    if must_enrol(request):
        return redirect("mfa_activate_totp")
    if not is_mfa_enabled(request.user) or did_recently_reauthenticate(request):
        return None
    return suspend_request(request, reverse("mfa_reauthenticate"))
