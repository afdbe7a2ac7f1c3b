"""Stripe without a network: an HTTP client for the SDK that answers from one table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import stripe
from django.db import IntegrityError, transaction
from django.utils import timezone

from donations.development import reading
from donations.development.playing import Playing
from donations.development.telling import Teller
from donations.development.wire import Asked, Refusal, nested
from donations.development.writing import CALLS
from donations.models.development import Body, DevelopmentObject

KEYS_LIVE = timedelta(hours=24)
Answer = tuple[str, int, Mapping[str, str]]


class NotPlayed(Exception):
    """The offline Stripe was asked for something that it does not play."""


class OfflineStripe(Playing, stripe.HTTPClient):
    """Plays today's Stripe (API 2026-10-28), for `stripe.StripeClient(key, http_client=OfflineStripe(…))`.

    Each call is one transaction of its own: inside another one it is refused, as a real call would hold that
    one's locks for as long as the network takes. The same idempotency key gives the same answer for a day.
    `secret` signs what is told; `clock` says what time it is.
    """

    name = "offline"

    def __init__(self, secret: str, *, version: str, clock: Callable[[], datetime] = timezone.now) -> None:
        super().__init__()
        self.clock = clock
        self.version = version
        self.teller = Teller(secret, version, clock)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> Answer:
        """What Stripe would answer: the body, the status, the headers."""
        parts, headers = urlsplit(url), headers or {}
        asked = nested(post_data or parts.query)
        try:
            with transaction.atomic(durable=True):
                if headers.get("Stripe-Version") != self.version:
                    raise Refusal(f"Invalid Stripe API version: {headers.get('Stripe-Version')}")
                return self._once(method, parts.path, asked, headers.get("Idempotency-Key"))
        except Refusal as refusal:
            return json.dumps({"error": refusal.error}), refusal.status, {"Request-Id": "req_offline"}

    def close(self) -> None:
        """Nothing is open."""

    def _once(self, method: str, path: str, asked: Asked, key: str | None) -> Answer:
        if method != "post" or key is None:
            return json.dumps(self._answer(method, path, asked)), 200, {"Request-Id": "req_offline"}
        request = {"path": path, "asked": asked}
        if (replay := self._replay(key, request)) is not None:
            return replay, 200, {"Request-Id": "req_offline", "Idempotent-Replayed": "true"}
        text = json.dumps(self._answer(method, path, asked))
        DevelopmentObject.objects.filter(stripe_id=f"key:{key}").update(body=request | {"answer": text})
        return text, 200, {"Request-Id": "req_offline"}

    def _replay(self, key: str, request: Body) -> str | None:
        """The answer that the key got before; None takes the key. Whoever has it is waited for."""
        now = self.clock()
        keys = DevelopmentObject.objects.filter(stripe_id=f"key:{key}")
        keys.filter(created_at__lt=now - KEYS_LIVE).delete()
        try:
            with transaction.atomic():
                keys.create(stripe_id=f"key:{key}", type="idempotency key", body=request, created_at=now)
        except IntegrityError:
            before = keys.get().body
            if {name: before[name] for name in request} != request:
                raise Refusal(
                    "Keys for idempotent requests can only be used with the same parameters they were first"
                    " used with.",
                    code="idempotency",
                ) from None
            return str(before["answer"])
        return None

    def _answer(self, method: str, path: str, asked: Asked) -> Body:
        """Do what is asked, or find it; NotPlayed for what is not played here."""
        wanted = {name: value for name, value in asked.items() if name != "expand"}
        body = self._find(path, wanted) if method == "get" else self._do(method, path, wanted)
        return reading.expand(body, asked.get("expand", []))

    def _find(self, path: str, asked: Asked) -> Body:
        resource = path.removeprefix("/v1/")
        if kind := reading.TYPES.get(resource):
            return reading.page(kind, asked, path)
        resource, _, ident = resource.rpartition("/")
        if kind := reading.TYPES.get(resource):
            return reading.find(kind, ident)
        raise NotPlayed(f"GET {path}")

    def _do(self, method: str, path: str, asked: Asked) -> Body:
        names = path.removeprefix("/v1/").split("/")
        for (verb, route), (call, takes) in CALLS.items():
            ident = _matches(route.split("/"), names)
            if verb == method and ident is not None:
                if unknown := sorted(set(asked) - set(takes.split())):
                    raise NotPlayed(f"{method.upper()} {path} with {', '.join(unknown)}")
                return call(self.teller, ident, asked, self.clock())
        raise NotPlayed(f"{method.upper()} {path}")


def _matches(route: list[str], names: list[str]) -> str | None:
    """The id in the path, empty if the route has none; None when it is another route."""
    if len(route) != len(names):
        return None
    ident = ""
    for wanted, name in zip(route, names, strict=True):
        if wanted == "*":
            ident = name
        elif wanted != name:
            return None
    return ident
