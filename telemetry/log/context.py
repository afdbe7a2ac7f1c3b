"""What an event of ours says about the request in which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

#: Families of browsers by what only their User-Agent says, the more particular first: Edge and Opera
#: also call themselves Chrome, and Chrome calls itself Safari.
BROWSERS = {
    "edge": ("Edg/", "EdgA/", "EdgiOS/"),
    "opera": ("OPR/", "OPT/"),
    "firefox": ("Firefox/", "FxiOS/"),
    "chrome": ("Chrome/", "CriOS/", "Chromium/"),
    "safari": ("Safari/",),
}
#: Kinds of devices, likewise; an Android that is not mobile is a tablet.
DEVICES = {"tablet": ("iPad", "Tablet"), "mobile": ("Mobi",)}


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Where in the product, and with what: never an address, a URL or the User-Agent itself.

    `route` is the name of the page. `browser_family` is one of `BROWSERS` or "other", `device_type`
    "desktop", "mobile" or "tablet"; both are None without a User-Agent.
    """

    route: str | None = None
    browser_family: str | None = None
    device_type: str | None = None

    def attributes(self) -> dict[str, str]:
        """What is known of it."""
        said = {"browser_family": self.browser_family, "device_type": self.device_type, "route": self.route}
        return {name: value for name, value in said.items() if value}


NOWHERE = RequestContext()

_current: ContextVar[RequestContext] = ContextVar("request_context", default=NOWHERE)


def current() -> RequestContext:
    """That of the request being answered; empty outside of one."""
    return _current.get()


@contextmanager
def during(context: RequestContext = NOWHERE) -> Iterator[None]:
    """Events within happen in this context."""
    before = _current.set(context)
    try:
        yield
    finally:
        _current.reset(before)


def enter(context: RequestContext) -> None:
    """From here to the end of the surrounding `during`, events happen in this context."""
    _current.set(context)


def context_of(request: HttpRequest) -> RequestContext:
    """What events of this request say; the route is known once the request is resolved."""
    agent = request.headers.get("User-Agent", "")
    match = request.resolver_match
    return RequestContext(
        route=match.view_name if match else None,
        browser_family=_family(agent) if agent else None,
        device_type=_device(agent) if agent else None,
    )


def _family(agent: str) -> str:
    return next((name for name, marks in BROWSERS.items() if any(mark in agent for mark in marks)), "other")


def _device(agent: str) -> str:
    known = (name for name, marks in DEVICES.items() if any(mark in agent for mark in marks))
    return next(known, "tablet" if "Android" in agent else "desktop")
