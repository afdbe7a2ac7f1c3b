"""A code by mail from somebody who is signed in already, before something that cannot be undone."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from allauth.core.internal.cryptokit import normalize_user_code
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from growth.accounts import limits
from growth.models import User
from telemetry.instants import to_micros
from telemetry.operations.client_address import client_address

IN_SESSION = "growth_fresh_code"
LIFETIME = timedelta(minutes=10)


def send(request: HttpRequest, account: User, *, now: datetime) -> None:
    """Mail a code to the account's address; it takes the place of an older one. `LimitReached` after many."""
    limits.ask_for_code(email=account.email, address=client_address(request), now=now)
    adapter = get_adapter(request)
    code = adapter.generate_login_code()
    request.session[IN_SESSION] = {"digest": _digest(account, code), "until": to_micros(now + LIFETIME)}
    adapter.send_mail("growth/email/erase_code", account.email, {"code": code})


def is_waiting(request: HttpRequest, *, now: datetime) -> bool:
    """Whether a code was sent in this session that is still good."""
    state = request.session.get(IN_SESSION)
    return state is not None and to_micros(now) < state["until"]


def is_right(request: HttpRequest, account: User, code: str, *, now: datetime) -> bool:
    """Whether this is the code that was sent; counted before it is compared. `LimitReached` after three."""
    if not is_waiting(request, now=now):
        return False
    sent = request.session[IN_SESSION]["digest"]
    limits.guess(code=sent, account=str(account.pk), address=client_address(request), now=now)
    return constant_time_compare(sent, _digest(account, code))


def _digest(account: User, code: str) -> str:
    said = f"{account.pk}:{normalize_user_code(code)}"
    return salted_hmac("growth.privacy.fresh_code", said, algorithm="sha256").hexdigest()
