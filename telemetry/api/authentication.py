"""Who asks: the holder of a key, or staff in a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from telemetry.api.problems import Problem
from telemetry.log.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView

CHALLENGE = {"WWW-Authenticate": "Bearer"}


def key_of(request: HttpRequest | Request) -> ApiKey | None:
    """The key in the Authorization header; None without the header, `Problem` (401) for a bad one."""
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        return None
    scheme, _space, secret = header.partition(" ")
    key = ApiKey.objects.opened_by(secret.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Problem(401, "invalid_key", _("This key opens nothing."), headers=CHALLENGE)
    return key


def ingest_key(request: HttpRequest) -> ApiKey:
    """The key that sends events; `Problem` 401 without a key, 403 with one for something else."""
    key = key_of(request)
    if key is None:
        message = _("Send a key as Authorization: Bearer KEY.")
        raise Problem(401, "not_authenticated", message, headers=CHALLENGE)
    if key.scope != ApiKey.Scope.INGEST:
        raise Problem(403, "permission_denied", _("This key does not send events."))
    return key


class KeyAuthentication(BaseAuthentication):
    """For the REST framework: the key becomes `request.auth`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        """Nobody in particular, by a key; None without one, so that a session may answer."""
        key = key_of(request)
        return None if key is None else (AnonymousUser(), key)

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


class MayRead(BasePermission):
    """A key of scope read, or a staff session."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether reports may be read."""
        if isinstance(request.auth, ApiKey):
            return request.auth.scope == ApiKey.Scope.READ
        return request.user.is_active and request.user.is_staff


class MaySend(BasePermission):
    """A key of scope ingest: the product, telling what happened and to whom."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether people may be stated and erased."""
        return isinstance(request.auth, ApiKey) and request.auth.scope == ApiKey.Scope.INGEST
