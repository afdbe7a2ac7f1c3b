"""The page of the supporter key: whether one counts here, the System ID, and where a key is entered."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from donations import keys
from donations.keys import KeyRefused
from donations.models import SupporterKey
from telemetry.people.models import Person

#: Who may enter a key for everybody.
FOR_EVERYBODY = "donations.add_supporterkey"


class EnterKey(forms.Form):
    """A key, as it was received."""

    key = forms.CharField(
        max_length=512,
        label=gettext_lazy("Supporter key"),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def is_accepted(self, accept: Callable[[str], SupporterKey]) -> bool:
        """Whether `accept` takes the key; why not, the form says."""
        if not self.is_valid():
            return False
        try:
            accept(self.cleaned_data["key"])
        except KeyRefused as refused:
            self.add_error("key", refused.why.label)
        return not self.errors


@never_cache
@login_required
@sensitive_post_parameters("key")
@require_http_methods(["GET", "HEAD", "POST"])
def license_page(request: HttpRequest) -> HttpResponse:
    """How things stand; a POST enters a key of one's own."""
    if request.method == "POST":
        form = EnterKey(request.POST, auto_id="own_%s")
        account, now = cast(AbstractUser, request.user), timezone.now()
        person = Person.objects.of_account(account)
        if form.is_accepted(lambda key: SupporterKey.objects.accept(key, person=person, by=account, at=now)):
            return thanked(request)
        return page(request, own=form)
    return page(request)


@never_cache
@login_required
@permission_required(FOR_EVERYBODY, raise_exception=True)
@sensitive_post_parameters("key")
@require_POST
def license_for_everybody(request: HttpRequest) -> HttpResponse:
    """Enter a key for everybody here."""
    account, now = cast(AbstractUser, request.user), timezone.now()
    form = EnterKey(request.POST, auto_id="everybodys_%s")
    if form.is_accepted(lambda key: SupporterKey.objects.accept_for_everybody(key, by=account, at=now)):
        return thanked(request)
    return page(request, everybodys=form)


def thanked(request: HttpRequest) -> HttpResponse:
    """Say that it worked, on the page again."""
    messages.success(request, _("The key is valid. Thank you for what you give."))
    return redirect("license")


def page(
    request: HttpRequest, *, own: EnterKey | None = None, everybodys: EnterKey | None = None
) -> HttpResponse:
    """The page, with the form that was filled in."""
    account = cast(AbstractUser, request.user)
    person, now = Person.objects.of_account(account), timezone.now()
    return render(
        request,
        "donations/license.html",
        {
            "standing": SupporterKey.objects.standing_for(person),
            "bought": SupporterKey.objects.of(person).bought(),
            "system_id": keys.this_system_id(now),
            "can_verify": keys.can_verify(),
            "own": own or EnterKey(auto_id="own_%s"),
            "everybodys": everybodys or EnterKey(auto_id="everybodys_%s"),
            "may_enter_for_everybody": account.has_perm(FOR_EVERYBODY),
        },
    )
