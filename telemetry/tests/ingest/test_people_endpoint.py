"""`PUT` and `DELETE /api/v1/people/{user}/`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from telemetry.log.models import ApiKey, Event
from telemetry.people.models import Person, Tombstone
from telemetry.tests.ingest.conftest import an_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def sending(issue):
    return {"HTTP_AUTHORIZATION": f"Bearer {issue()}"}


@pytest.fixture
def state(client, sending):
    """State something of a person."""

    def state(user, **statement):
        path = f"/api/v1/people/{user}/"
        return client.put(path, statement, content_type="application/json", **sending)

    return state


def test_a_sign_up_is_stated_and_events_move_it_no_more(state, send):
    send(an_event())

    answer = state("anna", signed_up_at="2026-02-01T01:00:00+02:00", time_zone="Europe/Vienna")

    person = Person.objects.get()
    assert answer.json() == {
        "public_id": str(person.public_id),
        "signed_up_at": "2026-01-31T23:00:00Z",
        "time_zone": "Europe/Vienna",
    }
    send(an_event(id="older", occurred_at="2020-01-01T00:00:00Z"))
    assert Person.objects.get().signed_up_at == datetime(2026, 1, 31, 23, tzinfo=UTC)


def test_somebody_unknown_is_made_once(state, send):
    state("anna", time_zone="UTC")
    state("anna", time_zone="Asia/Tokyo")
    send(an_event())

    person = Person.objects.get()
    assert (person.time_zone, person.sign_up_stated) == ("Asia/Tokyo", False)


def test_a_person_may_be_named_by_the_public_id(state, send):
    send(an_event())

    state(Person.objects.get().public_id, time_zone="UTC")

    assert Person.objects.get().time_zone == "UTC"


def test_erasing_takes_everything_and_answers_404_the_second_time(client, sending, send):
    send(an_event())

    answers = [client.delete("/api/v1/people/anna/", **sending) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 404]
    assert set(answers[1].json()) == {"code", "message", "fields"}
    assert (Event.objects.count(), Person.objects.count()) == (0, 0)
    assert Tombstone.objects.count() == 1
    assert send([an_event()]).json()["rejected"][0]["code"] == "erased"


def test_a_nightly_statement_about_everybody_does_not_bring_the_erased_back(client, sending, state, send):
    send(an_event())
    client.delete("/api/v1/people/anna/", **sending)

    answers = [state("anna", time_zone="UTC"), state("anna", signed_up_at="2026-01-01T00:00:00Z")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "erased")] * 2
    assert not Person.objects.exists()


@pytest.mark.parametrize("verb", ["put", "delete"])
def test_a_key_that_reads_changes_nobody(client, issue, send, verb):
    send(an_event())
    reading = f"Bearer {issue(scope=ApiKey.Scope.READ)}"

    answer = getattr(client, verb)(
        "/api/v1/people/anna/",
        {"time_zone": "UTC"},
        content_type="application/json",
        HTTP_AUTHORIZATION=reading,
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert Person.objects.get().time_zone == ""


def test_nobody_signs_up_tomorrow(state, send):
    send(an_event())

    answer = state("anna", signed_up_at="2999-01-01T00:00:00Z")

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["signed_up_at"])
    assert not Person.objects.get().sign_up_stated
