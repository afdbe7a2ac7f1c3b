"""What a process that traces sends: our own words, and nothing that came from outside."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from growth import tracing
from growth.models import User
from growth.tests.tracing.collector import as_dict
from telemetry.models import Person, SegmentRefresh
from telemetry.segments.refresh import refresh_segments

CANARY = "tweety-4711"

pytestmark = pytest.mark.django_db


@pytest.fixture
def tasks():
    """An app apart, with a task that does and one that fails."""
    return Celery("apart", set_as_current=False)


def sent(recorder, collector):
    """The spans by name, once everything that waited was sent."""
    recorder.flush()
    return {span.name: span for span in collector.spans()}


def test_a_request_is_a_span_with_three_attributes(client, recorder, collector):
    client.get("/healthz")

    (span,) = sent(recorder, collector).values()
    assert span.name == "GET /healthz"
    assert span.kind == Span.SPAN_KIND_SERVER
    assert as_dict(span.attributes) == {
        "http.request.method": "GET",
        "http.route": "/healthz",
        "http.response.status_code": 200,
    }
    assert not span.parent_span_id
    assert not span.events


def test_a_request_is_measured_in_seconds(client, recorder, collector):
    client.get("/healthz")
    client.get("/healthz")

    recorder.flush()
    metric = collector.metric("http.server.request.duration")
    (point,) = metric.histogram.data_points
    assert metric.unit == "s"
    assert point.count == 2
    assert 0 < point.sum < 10
    assert as_dict(point.attributes)["http.route"] == "/healthz"


def test_a_page_that_is_nowhere_has_no_route(client, recorder, collector):
    assert client.get(f"/{CANARY}/").status_code == 404

    span = sent(recorder, collector)["GET"]
    assert as_dict(span.attributes) == {"http.request.method": "GET", "http.response.status_code": 404}


@pytest.mark.urls("growth.tests.tracing.failing_urls")
def test_a_page_that_fails_is_an_error_without_its_message(client, recorder, collector):
    client.raise_request_exception = False
    assert client.get(f"/fail/{CANARY}/").status_code == 500

    span = sent(recorder, collector)["GET /fail/<str:word>/"]
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert CANARY.encode() not in collector.everything()


@pytest.mark.urls("growth.tests.tracing.failing_urls")
def test_nothing_of_a_request_leaves(client, recorder, collector):
    user = User.objects.create_superuser(f"{CANARY}@example.org")
    client.force_login(user)
    client.raise_request_exception = False
    headers = {
        "user-agent": CANARY,
        "referer": f"https://{CANARY}.example/",
        "x-forwarded-for": CANARY,
        "cookie": f"one={CANARY}",
        "baggage": f"word={CANARY}",
        "traceparent": "00-4711471147114711471147114711abcd-4711471147114711-01",
        "tracestate": f"vendor={CANARY}",
        "authorization": f"Bearer {CANARY}",
    }
    body = json.dumps({"events": [{"name": CANARY, "properties": {CANARY: CANARY}}]})
    for path in (
        f"/{CANARY}",
        f"/fail/{CANARY}/",
        "/healthz",
        f"/admin/growth/user/{CANARY}/change/",
        f"/admin/{CANARY}/",
        "/api/v1/events/",
        f"/api/v1/people/{CANARY}/segment/",
        f"/static/{CANARY}.css",
    ):
        for method in ("GET", "POST", CANARY.upper(), CANARY):
            client.generic(
                method,
                f"{path}?word={CANARY}",
                body,
                content_type=f"application/json; word={CANARY}",
                headers=headers,
            )

    names = sent(recorder, collector)
    assert {"GET /fail/<str:word>/", "POST /api/v1/events/", "HTTP /healthz"} <= set(names)
    everything = collector.everything()
    assert not re.search(re.escape(CANARY).encode(), everything, re.IGNORECASE)
    for hidden in (str(user.pk), str(Person.objects.of_account(user).public_id)):
        assert not [span for span in collector.spans() if hidden in as_dict(span.attributes).values()]
    assert bytes.fromhex("4711471147114711") not in everything


def test_a_task_is_a_span_with_its_name_and_state(tasks, recorder, collector):
    @tasks.task(name="tests.do")
    def do(*args, **kwargs):
        return args

    do.apply(args=[CANARY], kwargs={"word": CANARY})

    span = sent(recorder, collector)["tests.do"]
    assert as_dict(span.attributes) == {"celery.task_name": "tests.do", "celery.state": "SUCCESS"}
    (point,) = collector.metric("growth.task.duration").histogram.data_points
    assert point.count == 1
    assert CANARY.encode() not in collector.everything()


def test_a_task_that_fails_is_an_error_without_its_message(tasks, recorder, collector):
    @tasks.task(name="tests.fail")
    def fail(word):
        raise ValueError(word)

    fail.apply(args=[CANARY], headers={"word": CANARY}, task_id=CANARY)

    span = sent(recorder, collector)["tests.fail"]
    assert as_dict(span.attributes)["celery.state"] == "FAILURE"
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert CANARY.encode() not in collector.everything()
    assert not tracing._running


def test_pending_work_is_measured_a_kind_each(recorder, collector):
    now = datetime.now(UTC)
    for days in (-1, 0, 1):
        person = Person.objects.create()
        SegmentRefresh.objects.create(person=person, next_try_at=now + timedelta(days=days))

    tracing.measure_work()

    recorder.flush()

    def rows(name):
        points = collector.metric(name).gauge.data_points
        return {as_dict(point.attributes)["growth.work.kind"]: point.as_int for point in points}

    assert rows("growth.work.pending")["telemetry.segmentrefresh"] == 3
    assert rows("growth.work.due")["telemetry.segmentrefresh"] == 2
    assert rows("growth.work.pending")["telemetry.alertmail"] == 0


def test_people_refreshed_are_counted(recorder, collector):
    for _ in range(3):
        Person.objects.create()
    report = refresh_segments(now=datetime.now(UTC), full=True)

    recorder.flush()
    (point,) = collector.metric("growth.segments.refreshed").sum.data_points
    assert point.as_int == report.people
    assert as_dict(point.attributes) == {"growth.refresh.full": True}


def test_the_operator_names_the_service(collector, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    named = {}
    for stated in ("", "service.name=growth-east,deployment.environment=trial"):
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", stated)
        recorder = tracing.Recorder()
        named[stated] = dict(recorder.traces.resource.attributes)
        recorder.end()

    ours, theirs = named.values()
    assert ours["service.name"] == "growth"
    assert theirs["service.name"] == "growth-east"
    assert theirs["deployment.environment"] == "trial"
    assert set(ours) == {
        "service.name",
        "service.version",
        "service.instance.id",
        "telemetry.sdk.language",
        "telemetry.sdk.name",
        "telemetry.sdk.version",
    }
