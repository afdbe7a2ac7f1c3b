"""Erasing oneself: asked twice, shown to be who one is, then gone."""

from __future__ import annotations

from functools import partial

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from growth.accounts import reauthentication
from growth.models import User
from growth.privacy import fresh_code
from growth.privacy.forms import Erase
from growth.privacy.views import own_person
from telemetry.consent.visitors import forget
from telemetry.operations.models import AuditEntry
from telemetry.people.erasure import erase as erase_person
from telemetry.people.models import Person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """What goes and what stays; then, with the typed word and a fresh proof of who asks, the end."""
    person = own_person(request)
    account = request.user if isinstance(request.user, User) else None
    if account and (detour := reauthentication.required(request)) is not None:
        return detour
    now = timezone.now()
    needs_code = account is not None and not is_mfa_enabled(account)
    if account and needs_code and request.POST.get("action") == "code":
        fresh_code.send(request, account, now=now)
        return redirect("privacy_erase")
    is_right = partial(fresh_code.is_right, request, account, now=now) if account and needs_code else None
    form = Erase(request.POST or None, is_right=is_right)
    is_needed = account is not None and is_last_with_every_power(account)
    if not is_needed and form.is_valid():
        return end(request, person, account)
    shown = {
        "form": form,
        "is_needed": is_needed,
        "asks_for_code": needs_code and not fresh_code.is_waiting(request, now=now),
        "code_was_sent": needs_code,
    }
    return render(request, "growth/privacy_erase.html", shown)


def is_last_with_every_power(account: User) -> bool:
    """Whether nobody could run the installation without this account."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=account.pk)
    return account.is_superuser and not others.exists()


def end(request: HttpRequest, person: Person, account: User | None) -> HttpResponseRedirect:
    """Erase the person, with the account if there is one; sign out, and say goodbye."""
    goodbye_page = redirect("privacy_goodbye")
    with transaction.atomic():
        now, erased = timezone.now(), f"{person._meta.label_lower}:{person.pk}"
        if account is None:
            erase_person(person, at=now)
        else:
            User.objects.filter(pk=account.pk).delete()  # of staff, too; and the person with it
        logout(request)
        # Afterwards: an entry of before is emptied with the rest, and there is no actor any more.
        cause = _("Asked for by the person.")
        AuditEntry.objects.record(None, "person.erased", erased, cause=cause, at=now)
    forget(request, goodbye_page)
    return goodbye_page


@never_cache
@require_safe
def goodbye(request: HttpRequest) -> HttpResponse:
    """The last page; whoever is still signed in has not seen the one before."""
    if request.user.is_authenticated:
        return redirect("privacy_erase")
    return render(request, "growth/privacy_goodbye.html")
