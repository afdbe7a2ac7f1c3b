"""`POST /api/v1/events/`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.core.cache import cache
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from telemetry.api import quotas
from telemetry.api.problems import Problem, telling_problems
from telemetry.api.quotas import spend
from telemetry.log.models import ApiKey, Event, Origin
from telemetry.people.models import Person, PersonAlias
from telemetry.tests.ingest.conftest import an_event

pytestmark = pytest.mark.django_db


def test_a_batch_is_stored_and_each_bad_event_gets_its_verdict(send):
    batch = [
        an_event(id="1"),
        an_event(id="2", duration_seconds=60, project="atlas", source="timer", properties={"a": [1, None]}),
        an_event(id="1"),
        an_event(id="3", name="nobody.declared_this"),
        an_event(id="4", name="auth.login"),
        an_event(id="5", duration_seconds=True),
        "no event at all",
    ]

    answer = send(batch)

    assert answer.status_code == 202
    verdicts = answer.json()
    assert (verdicts["accepted"], verdicts["duplicates"]) == (2, 1)
    assert [(one["index"], one["code"]) for one in verdicts["rejected"]] == [
        (3, "unknown_event"),
        (4, "server_only"),
        (5, "invalid"),
        (6, "invalid"),
    ]
    assert verdicts["rejected"][2]["message"].startswith("duration_seconds: ")
    stored = Event.objects.select_related("project", "type").get(source="timer")
    assert stored.project is not None
    assert (stored.project.name, stored.duration_seconds, stored.properties) == (
        "atlas",
        60,
        {"a": [1, None]},
    )
    assert (stored.type.name, stored.origin) == ("activity.logged", Origin.API)


def test_one_event_may_be_sent_without_a_list(send):
    assert send(an_event()).json() == {"accepted": 1, "duplicates": 0, "rejected": []}


def test_a_lone_bad_event_is_a_bad_request(send):
    answer = send(an_event(name="nobody.declared_this"))

    assert answer.status_code == 400
    assert answer.json()["code"] == "unknown_event"


def test_sending_again_adds_nothing(send):
    batch = [an_event(id=str(number), user=f"user {number}", project="atlas") for number in range(500)]
    send(batch)

    assert send(batch).json() == {"accepted": 0, "duplicates": 500, "rejected": []}
    assert (Event.objects.count(), Person.objects.count()) == (500, 500)


def test_a_key_made_with_facts_may_state_what_only_the_server_writes(send, issue):
    assert send(an_event(name="auth.login"), issue(may_state_facts=True)).status_code == 202


@pytest.mark.parametrize("secret", ["", "growth_ingest_guess", "clé", "x" * 5000])
def test_without_a_key_that_fits_nothing_opens(client, issue, secret):
    issue()

    answer = client.post(
        "/api/v1/events/", b"[]", content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {secret}"
    )

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()) == {"code", "message", "fields"}


def test_without_a_key_at_all_the_answer_says_how_to_send_one(client, db):
    answer = client.post("/api/v1/events/", b"[]", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_key_that_reads_does_not_send(send, issue):
    answer = send(an_event(), issue("read"))

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert not Event.objects.exists()


def test_a_revoked_key_opens_nothing_from_that_moment(send, issue):
    secret = issue()
    assert send(an_event(), secret).status_code == 202

    ApiKey.objects.get().revoke(timezone.now())

    assert send(an_event(), secret).status_code == 401


def test_events_are_only_posted(client, db):
    answer = client.get("/api/v1/events/")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_over_its_quota_a_key_waits_for_the_next_minute(send, issue):
    secret = issue()
    ApiKey.objects.update(events_per_minute=3)
    with time_machine.travel(timezone.now(), tick=False):  # within one minute
        assert send([an_event(id="1"), an_event(id="2")], secret).status_code == 202

        answer = send([an_event(id="3"), an_event(id="4")], secret)

    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert Event.objects.count() == 2


def test_a_clock_that_is_ahead_is_clamped_and_flagged_beyond_five_minutes(send):
    before = timezone.now()
    soon, later = before + timedelta(minutes=4), before + timedelta(hours=5)

    send([an_event(id="1", occurred_at=soon.isoformat()), an_event(id="2", occurred_at=later.isoformat())])

    events = Event.objects.order_by("id")
    assert [event.clock_ahead for event in events] == [False, True]
    assert all(before <= event.occurred_at <= timezone.now() for event in events)


def test_an_event_of_a_user_and_a_visitor_counts_for_the_user_and_links_nothing(send):
    send(an_event(visitor="cookie"))

    assert list(PersonAlias.objects.values_list("kind", "value")) == [("user", "anna")]


def test_events_older_than_what_is_kept_are_too_old(send, settings):
    settings.EVENT_RETENTION_MONTHS = 1
    long_ago = (timezone.now() - timedelta(days=32)).isoformat()

    verdicts = send([an_event(occurred_at=long_ago)]).json()

    assert [one["code"] for one in verdicts["rejected"]] == ["too_old"]


def test_a_steady_batch_takes_one_query_for_each_question(send, issue, django_assert_num_queries):
    batch = [an_event(id=str(number), user=f"user {number % 50}", project="atlas") for number in range(100)]
    secret = issue()
    send(batch, secret)

    # The key; a savepoint and its end; people, projects, consent, events.
    with django_assert_num_queries(7):
        send([event | {"id": f"again {event['id']}"} for event in batch], secret)


def test_a_quota_holds_when_many_send_at_once(issue):
    issue()
    key, now = ApiKey.objects.get(), timezone.now()
    key.events_per_minute = 7

    def passes(_sender: int) -> bool:
        try:
            spend(key, 1, now)
        except Problem:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(passes, range(60))) == 7


@pytest.mark.guard
def test_unless_it_counts_in_one_step_a_quota_does_not_hold(issue, monkeypatch):
    issue()
    key, now = ApiKey.objects.get(), timezone.now()
    key.events_per_minute = 1
    both_have_read = Barrier(2)

    def read_then_write(name: str, events: int) -> int:
        spent = cache.get(name, 0) + events
        both_have_read.wait(10)
        cache.set(name, spent)
        return int(spent)

    monkeypatch.setattr(quotas, "_counted", read_then_write)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _sender: spend(key, 1, now), range(2)))  # neither is refused


def test_a_cache_that_does_not_answer_stops_nobody(send, settings):
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}

    assert send(an_event()).status_code == 202


def test_a_database_that_does_not_answer_is_told_as_such(rf):
    @telling_problems
    def view(_request: HttpRequest) -> HttpResponse:
        raise OperationalError("the connection is lost")

    answer = view(rf.post("/"))

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert b"connection is lost" not in answer.content


def test_the_openapi_document_is_valid_and_describes_it():
    document = SchemaGenerator().get_schema(request=None, public=True)

    validate_schema(document)
    operation = document["paths"]["/api/v1/events/"]["post"]
    assert set(operation["responses"]) == {"202", "400", "401", "403", "411", "413", "415", "429", "503"}
    assert operation["security"] == [{"key": []}]
    assert "key" in document["components"]["securitySchemes"]
    event = document["components"]["schemas"]["Event"]
    assert event["required"] == ["id", "name", "occurred_at"]
    assert event["additionalProperties"] is False
