"""A whole house says once that it is there, however often it is started and killed."""

import pytest

from growth.tests.chaos.house import House, await_that
from telemetry.tests.delivery.collector import Answer, Collector

pytestmark = pytest.mark.chaos


@pytest.fixture
def sink():
    """A collector that is away at first."""
    sink = Collector()
    sink.answer = Answer(503, {"Retry-After": "1"})
    yield sink
    sink.close()


@pytest.fixture
def telling_house(tmp_path, sink):
    """A house that has a sink."""
    house = House(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=sink.url)
    house.start()
    yield house
    if house.parent.poll() is None:
        house.stop()
    house.kill("")


def test_first_seen_reaches_the_sink_once_though_the_worker_is_killed(telling_house, sink):
    await_that(lambda: sink.posts, 40, "the worker sends")
    telling_house.kill("celery --quiet --app growth worker")
    sink.answer = Answer()

    await_that(lambda: sink.taken, 90, "the record after the kill")
    telling_house.stop()
    telling_house.start()
    await_that(lambda: telling_house.ask("say(Delivery.objects.count())") == 0, 40, "nothing waits")

    names = [record["eventName"] for record in sink.records()]
    assert names.count("base_telemetry.first_seen") == 1
    assert telling_house.ask("say(Installation.objects.get().first_seen_sent_at is not None)")
    telling_house.assert_invariants()
