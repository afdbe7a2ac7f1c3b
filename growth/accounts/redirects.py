"""Which addresses a request may send somebody on to."""

from __future__ import annotations

import unicodedata
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.http import url_has_allowed_host_and_scheme

NESTED = {"next", "redirect", "redirect_to", "redirect_uri", "return", "return_to", "url"}


def is_own_path(url: str) -> bool:
    """Whether it is an absolute path of this site that leads nowhere else, however it is encoded."""
    forms = _decodings(url)
    return len(forms) < MOST_DECODINGS and all(
        _is_plain_path(form) and not _is_nested(form) for form in forms
    )


MOST_DECODINGS = 5


def _decodings(url: str) -> list[str]:
    forms = [url]
    while len(forms) < MOST_DECODINGS and (decoded := unquote(forms[-1])) != forms[-1]:
        forms.append(decoded)
    return forms


def _is_plain_path(url: str) -> bool:
    return (
        url.startswith("/")
        and not url.startswith(("//", "/\\"))
        and not any(unicodedata.category(character)[0] == "C" for character in url)
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )


def _is_nested(url: str) -> bool:
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return any(name.strip().lower() in NESTED for name, _value in query)
