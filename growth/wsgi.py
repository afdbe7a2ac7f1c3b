"""The web server's door."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

#: UTF-8, and what is UTF-8 as well.
READ_AS = ("utf-8", "ascii")
REFUSAL = {"code": "unsupported_media_type", "message": "Send it in UTF-8.", "fields": {}}

Told = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Told, StartResponse], Iterable[bytes]]


def is_in_utf8(content_type: str) -> bool:
    """Whether a request says of itself that it can be read."""
    try:
        _kind, parameters = parse_header_parameters(content_type)
        return codecs.lookup(parameters.get("charset") or "utf-8").name in READ_AS
    except (LookupError, ValueError):
        return False


def only_utf8(served: Application) -> Application:
    """Answer 415 to all else, before Django sees it.

    It decodes the query string by the encoding that a request names while it makes the request, where no
    middleware stands in between; not all encodings decode one, and its page for errors dies of most others.
    """

    def door(told: Told, start_response: StartResponse) -> Iterable[bytes]:
        if is_in_utf8(told.get("CONTENT_TYPE") or ""):
            return served(told, start_response)
        body = json.dumps(REFUSAL).encode()
        headers = {"Content-Type": "application/json", "X-Content-Type-Options": "nosniff"}
        headers["Content-Length"] = str(len(body))
        start_response("415 Unsupported Media Type", list(headers.items()))
        return [body]

    return door


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "growth.settings")

application = only_utf8(get_wsgi_application())
