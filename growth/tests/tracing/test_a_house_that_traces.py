"""Web and worker as they run, and a real collector."""

import http.client

import pytest
from django.conf import settings

from growth.tests.chaos.house import House, await_that
from growth.tests.tracing.collector import as_dict

pytestmark = pytest.mark.chaos

CANARY = "tweety-4711"


@pytest.fixture
def house(tmp_path, collector):
    """A running house that traces; on the test's Redis where there is one, for the worker's other pool."""
    house = House(
        tmp_path,
        GROWTH_TRACES="on",
        REDIS_URL=settings.REDIS_URL,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_METRIC_EXPORT_INTERVAL="500",
        OTEL_BSP_SCHEDULE_DELAY="300",
    )
    house.start()
    yield house
    if house.parent.poll() is None:
        house.stop()
    house.kill("")


def ask(house, path):
    """The status of a page, asked for with a canary wherever one fits."""
    web = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    web.request(
        "POST",
        f"{path}?word={CANARY}",
        CANARY,
        {"User-Agent": CANARY, "Cookie": f"a={CANARY}", "Authorization": f"Bearer {CANARY}"},
    )
    status = web.getresponse().status
    web.close()
    return status


def test_web_and_worker_tell_the_collector_and_tell_it_nothing_of_people(house, collector):
    ask(house, "/healthz")
    ask(house, f"/{CANARY}/")

    def names():
        return {span.name for span in collector.spans()}

    await_that(lambda: {"POST /healthz", "POST"} <= names(), 20, "the web's spans")
    await_that(lambda: "growth.tasks.watch" in names(), 90, "the worker's spans")
    await_that(
        lambda: any(metric.name == "growth.work.pending" for metric in collector.metrics()), 20, "the depth"
    )
    assert {metric.name for metric in collector.metrics()} >= {
        "http.server.request.duration",
        "growth.task.duration",
    }
    span = next(span for span in collector.spans() if span.name == "growth.tasks.watch")
    assert as_dict(span.attributes) == {
        "celery.task_name": "growth.tasks.watch",
        "celery.state": "SUCCESS",
    }
    assert house.stop() < 10
    assert CANARY.encode() not in collector.everything()
