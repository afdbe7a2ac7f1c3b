"""A way in for staff from the command line: a link that signs in once, within an hour.

The link carries the account's last sign-in, signed. Signing in moves that by compare-and-set, so of
two uses at once one gets through, and any sign-in makes older links worthless. Nothing is stored.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from growth.models import User

SALT = "growth.staff-login"
LIFE = timedelta(hours=1)


def link_for(account: User, at: datetime, site: str) -> str:
    """A link of this site that signs the account in once, until an hour after `at`."""
    last = account.last_login.isoformat() if account.last_login else None
    token = signing.dumps([account.pk, last, at.timestamp()], salt=SALT)
    return site + reverse("staff_login", args=[token])


def redeem(token: str, at: datetime) -> User | None:
    """The account, once; None for a link that is forged, old or used, or whose account is no staff now."""
    try:
        key, last, made = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    if not timedelta(0) <= at - datetime.fromtimestamp(made, at.tzinfo) < LIFE:
        return None
    before = datetime.fromisoformat(last) if last else None
    staff = User.objects.filter(pk=key, is_staff=True, is_active=True)
    return staff.get() if staff.filter(last_login=before).update(last_login=at) else None


@never_cache
@require_GET
def staff_login(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in and go to the admin, or say that the link is worth nothing."""
    account = redeem(token, timezone.now())
    if account is None:
        return render(request, "growth/link_used.html", status=403)
    # The link stands for the code by e-mail; who has a second factor is still asked for it.
    admin = reverse("admin:index")
    begun = Login(user=account, email_verification=EmailVerificationMethod.NONE, redirect_url=admin)
    answer: HttpResponse = perform_login(request, begun)
    return answer
