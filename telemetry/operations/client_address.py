"""Whose request it is, as far as the network tells."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

NOBODY_KNOWS = "0.0.0.0"  # noqa: S104 - a name for "no address", nothing listens there


def client_address(request: HttpRequest) -> str:
    """The address of the client; an IPv6 client counts as its /64.

    `X-Forwarded-For` counts only behind `TRUSTED_PROXIES`: each of them appended what it saw, so the
    entry that many places from the end is the last one that no client can invent.
    """
    return _network(_forwarded(request) or _parsed(request.META.get("REMOTE_ADDR", "")) or NOBODY_KNOWS)


def _forwarded(request: HttpRequest) -> str:
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    proxies: int = settings.TRUSTED_PROXIES
    return _parsed(hops[-proxies].strip()) if 0 < proxies <= len(hops) else ""


def _parsed(raw: str) -> str:
    try:
        return str(ip_address(raw))
    except ValueError:
        return ""


def _network(address: str) -> str:
    parsed = ip_address(address)
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((address.partition("%")[0], 64), strict=False).network_address)
