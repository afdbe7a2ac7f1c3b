"""Consent over HTTP: the signals of a browser, the cookies of a visitor, and who a request is from.

Before a choice nothing is set. A yes gives the browser a random name; a no leaves a cookie that says no and
names nobody. Whoever signs in takes either along, once: `ConsentMiddleware` then drops both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from telemetry.consent.answers import TEXT_VERSION, grant, heed, latest, withdraw
from telemetry.consent.models import Source
from telemetry.instants import to_micros
from telemetry.people.claim import claim
from telemetry.people.models import Person, PersonAlias

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

VISITOR_COOKIE = "growth_visitor"
CHOICE_COOKIE = "growth_choice"
COOKIES = (VISITOR_COOKIE, CHOICE_COOKIE)
A_YEAR = timedelta(days=365)

#: The headers by which a browser says no, the first that is sent first.
SIGNALS = {"Sec-GPC": Source.GPC, "DNT": Source.DNT}


def signal_of(request: HttpRequest) -> Source | None:
    """The signal that the browser sends: `gpc` before `dnt`; None without one."""
    return next((source for header, source in SIGNALS.items() if request.headers.get(header) == "1"), None)


def person_of(request: HttpRequest) -> Person | None:
    """The person of the signed-in account; else of the visitor who said yes in this browser."""
    if request.user.is_authenticated:
        return Person.objects.filter(account=request.user.pk).first()
    visitor = _visitor(request)
    # Whoever signed in here took the visitor along: the next one at this machine is somebody else.
    return visitor if visitor is None or visitor.account_id is None else None


def answer_of(request: HttpRequest) -> bool | None:
    """What was said last: True yes, False no, None when there is no answer and the person may be asked.

    A signal of the browser is a no where nothing was said; a yes to another text is no answer any more.
    """
    person = person_of(request)
    said = latest(person) if person is not None else None
    if said is not None:
        return None if said.granted and said.text_version != TEXT_VERSION else said.granted
    if signal_of(request) or (not request.user.is_authenticated and _chose_no(request)):
        return False
    return None


@transaction.atomic
def say_yes(request: HttpRequest, response: HttpResponseBase, *, source: Source, at: datetime) -> Person:
    """Write the yes of whoever the request is from; a visitor gets a person, and a cookie with its name."""
    person = _signed_in_person(request) or person_of(request)
    if person is None:
        person, name = Person.objects.create(), str(uuid4())
        person.aliases.create(kind=PersonAlias.Kind.VISITOR, value=name)
        _set(response, VISITOR_COOKIE, name)
    if signal := signal_of(request):
        heed(person, signal=signal, at=at)  # before the yes, which then stands though the signal goes on
    grant(person, source=source, at=at)
    response.delete_cookie(CHOICE_COOKIE, samesite="Lax")
    return person


@transaction.atomic
def say_no(request: HttpRequest, response: HttpResponseBase, *, source: Source, at: datetime) -> None:
    """Write the no of whoever the request is from; a visitor's browser keeps the no, and no name."""
    person = _signed_in_person(request) or person_of(request)
    if person is not None:
        withdraw(person, source=source, at=at)
    response.delete_cookie(VISITOR_COOKIE, samesite="Lax")
    if not request.user.is_authenticated:
        _set(response, CHOICE_COOKIE, {"no": to_micros(at), "text": TEXT_VERSION})


@transaction.atomic
def sign_in(request: HttpRequest | None, account: AbstractBaseUser, *, at: datetime) -> Person:
    """The account's person, with what this browser knew: its visitor is claimed, its no is the account's.

    In the transaction of the login. A visitor whom another account claimed is left alone.
    """
    visitor = _visitor(request) if request is not None else None
    person = Person.objects.of_account(account) if visitor is None else claim(visitor, account, at=at)
    if request is None:
        return person
    if _chose_no(request):
        withdraw(person, source=Source.SIGN_IN, at=at)
    if signal := signal_of(request):
        heed(person, signal=signal, at=at)
    return person


def forget(request: HttpRequest, response: HttpResponseBase) -> None:
    """Drop the cookies of a visitor who has signed in."""
    for name in COOKIES:
        if name in request.COOKIES:
            response.delete_cookie(name, samesite="Lax")


def _signed_in_person(request: HttpRequest) -> Person | None:
    return Person.objects.of_account(request.user) if request.user.is_authenticated else None


def _visitor(request: HttpRequest) -> Person | None:
    """The person whom the browser's cookie names, if it is ours and they were not erased."""
    name = _get(request, VISITOR_COOKIE)
    if not isinstance(name, str):
        return None
    return Person.objects.filter(aliases__kind=PersonAlias.Kind.VISITOR, aliases__value=name).first()


def _chose_no(request: HttpRequest) -> bool:
    return _get(request, CHOICE_COOKIE) is not None


def _set(response: HttpResponseBase, name: str, value: object) -> None:
    response.set_cookie(
        name,
        signing.dumps(value, salt=name),
        max_age=A_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _get(request: HttpRequest, name: str) -> object:
    """What we put into a cookie; None for one that is missing, forged or older than a year."""
    try:
        return signing.loads(request.COOKIES.get(name, ""), salt=name, max_age=A_YEAR)
    except signing.BadSignature:
        return None
