"""The invitation that a browser carries from an opened link to the sign-up.

It is in the session, which a sign-in keeps; and, once the visitor agreed to be recognised, also in a signed
cookie, which outlives the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from telemetry.consent.visitors import VISITOR_COOKIE
from telemetry.instants import from_micros, to_micros

KEY = "invitation"
COOKIE = "ref"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code, and when the link with it was opened."""

    code: str
    at: datetime

    def as_json(self) -> dict[str, object]:
        """What session and cookie hold."""
        return {"code": self.code, "ts": to_micros(self.at)}

    def holds(self, now: datetime) -> bool:
        """Whether it still counts: REFERRAL_WINDOW_DAYS from the opening."""
        return now - window() <= self.at <= now


def window() -> timedelta:
    """How long before a sign-up a link may have been opened."""
    return timedelta(days=settings.REFERRAL_WINDOW_DAYS)


def carried_by(request: HttpRequest, *, now: datetime) -> Invitation | None:
    """The last invitation that this browser carries and that still holds."""
    found = (_read(request.session.get(KEY)), _read(_cookie(request)))
    return max(
        (invitation for invitation in found if invitation is not None and invitation.holds(now)),
        key=lambda invitation: invitation.at,
        default=None,
    )


def remember(request: HttpRequest, invitation: Invitation) -> None:
    """Let the session carry it, in place of an earlier one."""
    request.session[KEY] = invitation.as_json()


def forget(request: HttpRequest) -> None:
    """It has done its work; the cookie goes with the answer, by the middleware."""
    request.session.pop(KEY, None)


def carry_on(request: HttpRequest, response: HttpResponseBase, *, now: datetime) -> None:
    """Set or take the cookie, as is due: with the visitor's yes, until somebody is signed in."""
    has, may = (bool(request.COOKIES.get(name)) for name in (COOKIE, VISITOR_COOKIE))
    if not (has or may):
        return
    if request.user.is_authenticated or not may:
        if has:
            response.delete_cookie(COOKIE, samesite="Lax")
        return
    held = _read(request.session.get(KEY))
    if held is not None and held.holds(now) and held != _read(_cookie(request)):
        _set(response, held)


def _set(response: HttpResponseBase, invitation: Invitation) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps(invitation.as_json(), salt=COOKIE),
        max_age=window(),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _cookie(request: HttpRequest) -> object:
    """What we put into the cookie; None for one that is missing, forged or too old."""
    try:
        return signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=window())
    except signing.BadSignature:
        return None


def _read(held: object) -> Invitation | None:
    match held:
        case {"code": str(code), "ts": int(at)}:
            return Invitation(code, from_micros(at))
    return None
