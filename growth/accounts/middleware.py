"""What holds for every request: limits, the staff's second factor, the policy of the admin."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from csp.constants import NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from growth.views import refusal, speaks_json, too_many_requests
from telemetry.operations.limits import LimitReached

Answer = Callable[[HttpRequest], HttpResponse]


class LimitMiddleware:
    """Too many tries become a page that says when to come back."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """429 with Retry-After for a limit that was reached."""
        return too_many_requests(request, error.until) if isinstance(error, LimitReached) else None


def is_admin(request: HttpRequest) -> bool:
    """Whether the request is for the admin."""
    return request.path.startswith(reverse("admin:index"))


class StaffSecondFactorMiddleware:
    """In production admin and API open to the sessions of staff only with a second factor."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Lead to the set-up instead of any admin page; refuse the API."""
        if is_admin(request) and must_enrol(request):
            messages.info(request, _("The admin needs a second step when you sign in. Set it up once, here."))
            return redirect("mfa_activate_totp")
        if speaks_json(request) and must_enrol(request):
            return refusal("second_factor_needed", _("Set up the second step of your sign-in first."), 403)
        return self.get_response(request)


def must_enrol(request: HttpRequest) -> bool:
    """Whether this is staff who need a second factor and have none."""
    return (
        settings.STAFF_NEED_SECOND_FACTOR
        and request.user.is_authenticated
        and request.user.is_staff
        and not is_mfa_enabled(request.user)
    )


# Alpine evaluates its expressions and sets styles. A nonce beside 'unsafe-inline' would cancel it.
ADMIN_POLICY = {
    "script-src": [SELF, NONCE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}


class AdminPolicyMiddleware:
    """The admin's own content security policy, in place of the strict one."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Loosen what the admin's own scripts need."""
        response = self.get_response(request)
        if is_admin(request):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]
        return response
