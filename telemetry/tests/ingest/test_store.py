"""Storing a batch."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from telemetry.log import strict_json
from telemetry.log.ingest import Verdicts, kept_since, store
from telemetry.log.models import Event, Origin, Project
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.tests.ingest.conftest import NOW, an_item

pytestmark = pytest.mark.django_db


def store_api(*items, now=NOW) -> Verdicts:
    return store(items, origin=Origin.API, now=now)


def person_of(user: str) -> Person:
    return Person.objects.get(aliases__kind="user", aliases__value=user)


def test_ids_follow_the_order_in_which_the_batch_was_sent():
    sent = [f"event {number}" for number in range(300)]

    store_api(*[an_item(id=key, source=key) for key in sent])

    assert list(Event.objects.order_by("id").values_list("source", flat=True)) == sent


def test_the_first_write_wins():
    store_api(an_item(source="first"), an_item(source="second"))
    store_api(an_item(source="third", user="somebody else"))

    assert Event.objects.get().source == "first"


def test_an_id_is_idempotent_within_its_origin_alone():
    store_api(an_item())

    assert store([an_item()], origin=Origin.CSV, now=NOW) == Verdicts(1, 0)


@pytest.mark.parametrize("key", ["%s", "é" * 64, "🦒", "' OR 1=1--", '"', "\\", " ", "a\u202eb"])
def test_an_id_may_be_any_string(key):
    assert store_api(an_item(id=key)) == Verdicts(1, 0)
    assert store_api(an_item(id=key)) == Verdicts(0, 1)


def test_a_user_and_a_visitor_of_one_name_are_two_people():
    store_api(an_item(id="1"), an_item(id="2", user=None, visitor="anna"))

    assert Person.objects.count() == 2


def test_who_never_said_counts_as_signed_up_at_their_earliest_event():
    late, early = NOW - timedelta(days=1), NOW - timedelta(days=9)
    store_api(an_item(id="1", occurred_at=late))
    assert person_of("anna").signed_up_at == late

    store_api(
        an_item(id="2", occurred_at=early), an_item(id="3", occurred_at=late), an_item(id="4", user="ben")
    )

    assert person_of("anna").signed_up_at == early
    assert not person_of("anna").sign_up_stated


def test_a_duplicate_moves_no_sign_up():
    store_api(an_item(occurred_at=NOW))

    store_api(an_item(occurred_at=NOW - timedelta(days=9)))

    assert person_of("anna").signed_up_at == NOW


def test_a_stated_sign_up_stays():
    store_api(an_item(id="1", occurred_at=NOW))
    Person.objects.update(signed_up_at=NOW, sign_up_stated=True)

    store_api(an_item(id="2", occurred_at=NOW - timedelta(days=9)))

    assert person_of("anna").signed_up_at == NOW


def test_an_empty_project_is_no_project():
    store_api(an_item(id="1", project=""), an_item(id="2", project="atlas"), an_item(id="3", project="atlas"))

    assert list(Project.objects.values_list("name", flat=True)) == ["atlas"]
    assert Event.objects.filter(project=None).count() == 1


def test_what_was_erased_is_not_replayed_but_what_comes_later_is_stored():
    store_api(an_item(id="1", occurred_at=NOW - timedelta(days=2)))
    erase(person_of("anna"), at=NOW)

    replay = store_api(
        an_item(id="1", occurred_at=NOW - timedelta(days=2)),
        an_item(id="2", occurred_at=NOW),
        an_item(id="3", user="ben"),
    )

    assert [(one.index, one.code) for one in replay.rejected] == [(0, "erased"), (1, "erased")]
    assert list(Person.objects.values_list("aliases__value", flat=True)) == ["ben"]
    later = NOW + timedelta(days=1)
    assert store_api(an_item(id="4", occurred_at=later), now=later) == Verdicts(1, 0)
    assert store_api(an_item(id="5")).rejected[0].code == "erased"


def test_times_keep_their_microsecond_whatever_their_offset():
    store_api(an_item(occurred_at="2026-02-28T23:30:00.123456-09:30"))

    assert Event.objects.get().occurred_at == datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)


def test_nothing_is_nothing():
    assert store_api() == Verdicts(0, 0)


@pytest.mark.parametrize(
    ("months", "since"),
    [
        (None, None),
        (1, datetime(2026, 2, 28, 12, tzinfo=UTC)),
        (13, datetime(2025, 2, 28, 12, tzinfo=UTC)),
        (9999, None),
    ],
)
def test_months_are_kept_by_the_calendar(settings, months, since):
    settings.EVENT_RETENTION_MONTHS = months

    assert kept_since(datetime(2026, 3, 31, 12, tzinfo=UTC)) == since


# --- Properties ---------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
SCALAR = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT
FREE_JSON = st.dictionaries(
    TEXT, st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3), max_leaves=9)
)


@settings(max_examples=30, deadline=None)
@given(properties=FREE_JSON)
def test_properties_come_back_as_they_were_sent(properties):
    Event.objects.all().delete()

    assert store_api(an_item(properties=properties)) == Verdicts(1, 0)

    assert Event.objects.get().properties == (properties or None)


@given(st.recursive(SCALAR, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20))
def test_what_has_no_key_twice_is_read(value):
    for ascii_only in (True, False):
        assert strict_json.read(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.dictionaries(TEXT, SCALAR, min_size=1), st.data())
def test_a_key_that_comes_twice_is_seen(value, data):
    key = json.dumps(data.draw(st.sampled_from(sorted(value))))
    body = json.dumps(value)[:-1] + f", {key}: null}}"

    with pytest.raises(strict_json.Unreadable) as refusal:
        strict_json.read(body.encode())
    assert refusal.value.code == "duplicate_keys"


@given(st.binary() | TEXT.map(str.encode) | st.text('[]{}",:0123456789eE+-. \\untrefals').map(str.encode))
def test_whatever_bytes_come_reading_ends_in_a_value_or_a_refusal(body):
    try:
        value = strict_json.read(body)
    except strict_json.Unreadable:
        return
    assert value == json.loads(body)
