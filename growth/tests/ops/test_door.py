"""What the web server lets through to Django."""

import json
from wsgiref.util import setup_testing_defaults

import pytest

from growth.wsgi import only_utf8

FORM = "application/x-www-form-urlencoded"


def answer(content_type):
    """The status and the body that somebody gets whose request names this content type."""
    environ = {"CONTENT_TYPE": content_type, "QUERY_STRING": "ref=%C3%A9", "REQUEST_METHOD": "POST"}
    setup_testing_defaults(environ)
    said = []

    def served(_environ, start_response):
        start_response("200 OK", [])
        return [b"served"]

    body = b"".join(only_utf8(served)(environ, lambda status, _headers: said.append(status)))
    return said[0], body


@pytest.mark.parametrize(
    "content_type",
    [
        *(
            f"{FORM}; charset={name}"
            for name in ("idna", "rot13", "undefined", "utf-16", "latin-1", "nonsense")
        ),
        "multipart/form-data; boundary=x; charset=punycode",
        "application/json; charset*=nonsense''a",
        "text/html; charset=a\0b",
    ],
)
def test_what_is_not_utf8_is_refused(content_type):
    """Django made a 500 of it: for a query string while it made the request, for a form in its error page."""
    status, body = answer(content_type)

    assert status.startswith("415")
    assert json.loads(body)["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        FORM,
        f"{FORM}; charset=UTF-8",
        "text/plain; charset=us-ascii",
        "multipart/form-data; boundary=x",
        "x",
    ],
)
def test_what_is_utf8_goes_through(content_type):
    assert answer(content_type) == ("200 OK", b"served")
