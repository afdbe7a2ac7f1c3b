"""What reliability.md lists, against the endpoints that write the log and people: refused, and no row."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from telemetry.log.models import Event, Project
from telemetry.people.models import Person
from telemetry.tests.ingest.conftest import an_event

pytestmark = pytest.mark.django_db

UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b" \n ",
    "a brace": b"{",
    "null": b"null",
    "a string": b'"a"',
    "a number": b"1",
    "an integer of 5,000 digits": b"[" + b"9" * 5000 + b"]",
    "nested 2,000 deep": b"[" * 2000 + b"]" * 2000,
    "nested 30,000 deep": b"[" * 30_000 + b"]" * 30_000,
    "objects nested 30,000 deep": b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
    "NaN": b'[{"a": NaN}]',
    "Infinity": b'[{"a": -Infinity}]',
    "1e999": b'[{"a": 1e999}]',
    "a lone surrogate": b'[{"a": "\\ud800"}]',
    "a lone surrogate in bytes": b'[{"a": "\xed\xa0\x80"}]',
    "bytes ff fe": b"\xff\xfe",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a BOM": b"\xef\xbb\xbf[]",
    "duplicate keys": b'[{"id": "1", "id": "2"}]',
    "duplicate keys, one of them escaped": b'[{"id": "1", "\\u0069d": "2"}]',
    "duplicate keys deep in properties": b'[{"properties": {"a": [{"b": 1, "b": 1}]}}]',
    "a raw control character": b'["a\x00b"]',
    "trailing words": b"[] []",
}
BAD_TIMES: list[Any] = [
    None,
    5,
    True,
    "",
    "yesterday",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-05:00",
    "2026-01-01T00:00:00",
    "2026-01-01",
    "2026-02-30T00:00:00Z",
]
BAD_SECONDS: list[Any] = [-5, 0.001, -0.5, 1.0, 10**12, 10**30, "NaN", "5", True, []]


def in_short(value: object) -> str:
    """A test's id that fits a line."""
    return ascii(value)[:40]


BAD_IDS: list[Any] = ["", "x" * 65, "a\0b", 5, None, {}]
BAD_VALUES: list[dict[str, Any]] = [
    *({"occurred_at": value} for value in BAD_TIMES),
    *({"duration_seconds": value} for value in BAD_SECONDS),
    *({"id": value} for value in BAD_IDS),
    *({"user": value} for value in ("", "x" * 65, "a\0b", "a\u202eb", "a\r\nb", 5)),
    *({"visitor": value} for value in ("", "x" * 65, "a\u2066b", 5)),
    *({"project": value} for value in ("x" * 201, "x" * 60_000, "a\0b", "a\u202eb", "a\nb", 5)),
    *({"source": value} for value in ("x" * 33, "a\tb", True)),
    {"properties": []},
    {"properties": "a"},
    {"properties": True},
    {"properties": {"a": "a\0b"}},
    {"properties": {"a\0b": 1}},
    {"properties": {f"k{number}": 1 for number in range(65)}},
    {"properties": {"a": {f"k{number}": 1 for number in range(64)}}},
    {"properties": {"k" * 129: 1}},
    {"properties": {"a": "x" * 33_000}},
    {"properties": {"a": 10**30}},
    {"properties": {"a": [[[[[[[[1]]]]]]]]}},
    {"user": None},
    {"unknown": 1},
    {"origin": 0},
    {"name": None},
    {"name": 5},
]
UNKNOWN_NAMES = ["", "x" * 65, "x" * 60_000, "__proto__", "base_telemetry.x", "a\0b", "' OR 1=1--", "{{7*7}}"]
TOLERABLE_PATHS = ["' OR 1=1--", "{{7*7}}", "__proto__", "user__password__startswith", "-1"]


def refused(answer: Any, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.content
    assert set(answer.json()) == {"code", "message", "fields"}
    assert rows() == [0, 0, 0]


def rows() -> list[int]:
    return [model.objects.count() for model in (Event, Project, Person)]


@pytest.mark.parametrize("body", [*UNREADABLE.values(), b"[]"], ids=[*UNREADABLE, "an empty list"])
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(send, body):
    refused(send(body), 400)


@pytest.mark.parametrize("values", BAD_VALUES, ids=lambda values: json.dumps(values)[:60])
def test_a_bad_value_is_a_verdict_in_a_batch_and_a_refusal_alone(send, values):
    verdicts = send([an_event(**values)]).json()
    assert verdicts["accepted"] == 0
    (verdict,) = verdicts["rejected"]
    assert verdict["code"] == "invalid"
    assert any(field in verdict["message"] for field in ("user", *values))
    assert len(verdict["message"]) <= 200
    refused(send(an_event(**values)), 400)


@pytest.mark.parametrize("name", UNKNOWN_NAMES, ids=lambda name: name[:20])
def test_a_name_that_nobody_declared_is_unknown(send, name):
    (verdict,) = send([an_event(name=name)]).json()["rejected"]
    assert verdict["code"] == "unknown_event"
    refused(send(an_event(name=name)), 400)


@pytest.mark.parametrize("field", ["id", "name", "occurred_at", "user"])
def test_an_event_that_lacks_a_field_is_told_which(send, field):
    event = an_event()
    del event[field]

    (verdict,) = send([event]).json()["rejected"]

    assert field in verdict["message"]


def test_501_events_are_too_many(send):
    refused(send([an_event(id=str(number)) for number in range(501)]), 400)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/xml",
        "text/plain",
        "",
        "application/json; charset=utf-16",
        "multipart/form-data; boundary=x",
    ],
)
def test_only_json_in_utf8_is_read(send, content_type):
    refused(send(an_event(), content_type=content_type), 415)


def test_a_body_over_the_cap_is_refused_by_its_length_alone(send):
    refused(send(b"", CONTENT_LENGTH=str(100 * 1024**2)), 413)


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "x", "٣"])
def test_a_length_that_is_no_number_is_refused(send, length):
    refused(send(an_event(), CONTENT_LENGTH=length), 400)


def test_a_chunked_body_is_asked_for_its_length(send):
    refused(send(an_event(), CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked"), 411)


def test_1001_query_parameters_are_too_many(send, client, issue):
    query = "&".join(f"p{number}=1" for number in range(1001))

    refused(send(an_event(), QUERY_STRING=query), 400)
    refused(put(client, issue(), {}, f"/api/v1/people/anna/?{query}"), 400)


@pytest.mark.parametrize("who", ["anonymous", "user", "staff"])
def test_a_session_neither_sends_events_nor_changes_people(client, django_user_model, who):
    if who != "anonymous":
        account = django_user_model.objects.create_user(f"{who}@example.org", is_staff=who == "staff")
        client.force_login(account)
    before = rows()  # signing in leaves some

    for answer in (
        client.post("/api/v1/events/", json.dumps(an_event()), content_type="application/json"),
        client.put("/api/v1/people/anna/", "{}", content_type="application/json"),
        client.delete("/api/v1/people/anna/"),
    ):
        assert answer.status_code == 401
        assert set(answer.json()) == {"code", "message", "fields"}
    assert rows() == before


# --- People -------------------------------------------------------------------------------------


def put(client: Any, secret: str, body: Any, path: str = "/api/v1/people/anna/", **headers: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers.setdefault("content_type", "application/json")
    return client.put(path, raw, HTTP_AUTHORIZATION=f"Bearer {secret}", **headers)


@pytest.fixture
def secret(issue):
    return issue()


@pytest.mark.parametrize(
    "body", [*UNREADABLE.values(), b"[]", b"{}"], ids=[*UNREADABLE, "a list", "no field"]
)
def test_a_statement_that_cannot_be_read_is_refused(client, secret, body):
    refused(put(client, secret, body), 400)


@pytest.mark.parametrize("at", BAD_TIMES, ids=in_short)
def test_a_sign_up_is_a_moment_with_an_offset(client, secret, at):
    answer = put(client, secret, {"signed_up_at": at})

    refused(answer, 400)
    assert list(answer.json()["fields"]) == ["signed_up_at"]


@pytest.mark.parametrize(
    "zone",
    [None, 5, True, "", "Mars/Olympus", "../../etc/passwd", "a\0b", "x" * 60_000, "Europe/Vienna "],
    ids=in_short,
)
def test_a_time_zone_is_one_of_the_iana_database(client, secret, zone):
    refused(put(client, secret, {"time_zone": zone}), 400)


def test_a_field_that_nobody_asked_for_is_refused_by_name(client, secret):
    answer = put(client, secret, {"time_zone": "UTC", "account": 1, "kept_out": "bot"})

    refused(answer, 400)
    assert set(answer.json()["fields"]) == {"account", "kept_out"}


@pytest.mark.parametrize("method", ["put", "delete"])
@pytest.mark.parametrize("name", ["a\0b", "a\u202eb", "a\r\nb", "x" * 65, "x" * 60_000], ids=in_short)
def test_a_deceiving_name_is_nobody(client, secret, method, name):
    call = getattr(client, method)
    answer = call(
        f"/api/v1/people/{quote(name)}/",
        b'{"time_zone": "UTC"}',
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {secret}",
    )
    refused(answer, 400)


@pytest.mark.parametrize("name", TOLERABLE_PATHS)
def test_nobody_is_erased_by_a_strange_name(client, secret, name):
    answer = client.delete(f"/api/v1/people/{quote(name)}/", HTTP_AUTHORIZATION=f"Bearer {secret}")

    refused(answer, 404)


def test_people_are_told_of_in_json_only(client, secret):
    refused(put(client, secret, b"<a/>", content_type="application/xml"), 415)


def test_a_statement_over_the_cap_is_refused_by_its_length_alone(client, secret):
    refused(put(client, secret, b"", CONTENT_LENGTH=str(100 * 1024**2)), 413)


def test_a_chunked_statement_is_asked_for_its_length(client, secret):
    refused(put(client, secret, {}, CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked"), 411)
