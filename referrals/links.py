"""The links that people give away."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from referrals.middleware import PARAMETER
from referrals.models import ReferralCode


def invitation_link(request: HttpRequest, code: ReferralCode) -> str:
    """Where a friend signs up."""
    return f"{site(request)}{reverse('account_signup')}?{urlencode({PARAMETER: code.code})}"


def share_link(request: HttpRequest, code: ReferralCode | None) -> str:
    """What Share shares: SUPPORT_SHARE_URL or the home page, with somebody's code if they have one."""
    shared = settings.SUPPORT_SHARE_URL or f"{site(request)}/"
    if code is None:
        return shared
    parts = urlsplit(shared)
    query = "&".join(filter(None, (parts.query, urlencode({PARAMETER: code.code}))))
    return urlunsplit(parts._replace(query=query))


def site(request: HttpRequest) -> str:
    """The address of this site, without a slash at its end."""
    return settings.SITE_URL or request.build_absolute_uri("/").rstrip("/")


def qr_code(link: str) -> SafeString:
    """The link as an inline SVG, black on white in any scheme: cameras want contrast."""
    drawn = segno.make(link, error="m", micro=False)
    return mark_safe(  # noqa: S308 - drawn here, from squares
        drawn.svg_inline(omitsize=True, border=3, dark="#000", light="#fff", svgclass=None, lineclass=None)
    )
