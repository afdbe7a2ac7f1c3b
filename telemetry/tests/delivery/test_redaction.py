"""Personal data that found its way into the log stays here."""

import pytest
from hypothesis import given, strategies as st

from telemetry.delivery.redaction import REMOVED, redacted, scrubbed
from telemetry.tests.delivery.conftest import send

CANARY = "canary"

#: Thirty places where somebody's data may turn up.
PLACES = [
    {"email": CANARY},
    {"user_email": CANARY},
    {"userEmail": CANARY},
    {"name": CANARY},
    {"first_name": CANARY},
    {"full-name": CANARY},
    {"username": CANARY},
    {"phone": CANARY},
    {"ip": CANARY},
    {"ip_address": CANARY},
    {"password": CANARY},
    {"access_token": CANARY},
    {"billing_address": {"street": CANARY}},
    {"customer": {"contact": {"email": CANARY}}},
    {"people": [{"name": CANARY}, {"tags": [{"phone": CANARY}]}]},
    {"project": CANARY},
    {"note": f"{CANARY}@example.org"},
    {"note": f"Write to <{CANARY}@example.org>, please"},
    {"notes": ["fine", [f"{CANARY}@example.org"]]},
    {f"{CANARY}@example.org": 1},
    {"page": f"https://shop.example/cart?who={CANARY}"},
    {"page": f"/cart?who={CANARY}&n=1"},
    {"page": f"/cart#{CANARY}"},
    {"page": f"https://{CANARY}:secret@shop.example/cart"},
    {"page": f"https://shop.example/?mail={CANARY}%40example.org"},
    {"header": f"Bearer {CANARY}.abcdefgh"},
    {"header": f"Authorization: Basic {CANARY}abcdefgh=="},
    {"header": f"Cookie: s=eyJ{CANARY}.eyJ{CANARY}.{CANARY}"},
    {"link": f"see https://x.example/a?b={CANARY} and /c?d={CANARY}"},
    {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": CANARY}}}}}}}}},
]


@pytest.mark.parametrize("protocol", ["http/protobuf", "http/json"])
@pytest.mark.django_db
def test_no_exported_byte_holds_a_canary(collector, person, queue, settings, protocol):
    settings.TELEMETRY_SINK_PROTOCOL = protocol
    someone = person()
    for place in PLACES:
        queue(someone, attributes=place)

    send()

    assert len(PLACES) == 30
    assert len(collector.records()) == 30
    assert not [body for _path, _headers, body in collector.posts if CANARY.encode() in body]
    assert str(someone.public_id).encode() not in collector.posts[0][2]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("192.168.1.77", REMOVED),
        ("from 2001:db8::1 today", f"from {REMOVED} today"),
        ("call +43 660 123 45 67", f"call {REMOVED}"),
        ("https://shop.example/cart?who=me", "https://shop.example/cart"),
        ("/cart", "/cart"),
        ("at 10:20:30", "at 10:20:30"),
        ("2026-03-04T12:00:00+00:00", "2026-03-04T12:00:00+00:00"),
        ("version 1.2.3", "version 1.2.3"),
        ("why? because", "why? because"),
        ("0af7651916cd43dd8448eb211c80319c", "0af7651916cd43dd8448eb211c80319c"),
        ("bearer of news", "bearer of news"),
    ],
)
def test_what_reads_like_personal_data_goes_and_the_rest_stays(text, left):
    assert scrubbed(text) == left


def test_what_is_not_personal_stays_as_it_is():
    said = {
        "source": "web",
        "n": 1,
        "ok": True,
        "list": [1, "a", None],
        "deep": {"tokens_left": None, "count": 2},
    }

    assert redacted(said) == said | {"deep": {"count": 2}}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_whatever_was_said_can_be_looked_through_and_looking_twice_changes_nothing(said):
    once = redacted(said)

    assert redacted(once) == once
