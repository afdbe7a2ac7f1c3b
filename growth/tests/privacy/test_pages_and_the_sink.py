"""What is going on with telemetry's sink is no page's business."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from telemetry.consent.answers import grant
from telemetry.consent.models import Source
from telemetry.delivery.models import Delivery, Layer
from telemetry.people.models import Person
from telemetry.tests.delivery.collector import Collector

pytestmark = pytest.mark.django_db


@pytest.fixture
def collector(settings):
    collector = Collector()
    settings.TELEMETRY_SINK, settings.TELEMETRY_DETAILED = collector.url, True
    yield collector
    collector.close()


@pytest.fixture
def open_a_page(ada, account, django_capture_on_commit_callbacks):
    """Open a page as somebody who said yes, and see the commit through: its queries, and what it queued."""
    person = Person.objects.of_account(account)
    grant(person, source=Source.SETTINGS, at=timezone.now())

    def open_it():
        queued = Delivery.objects.count()
        with django_capture_on_commit_callbacks(execute=True), CaptureQueriesContext(connection) as queries:
            assert ada.get("/").status_code == 200
        return len(queries), Delivery.objects.count() - queued

    open_it()  # the first one has more to do
    return open_it


def fill_the_queue(account, to):
    """As many records as the queue may hold."""
    person, now = Person.objects.of_account(account), timezone.now() - timedelta(minutes=1)
    consent = person.consents.latest("at")
    Delivery.objects.put(
        Delivery(
            layer=Layer.DETAILED,
            name="page.viewed",
            occurred_at=now,
            person=person,
            consent=consent,
            next_try_at=now,
        )
        for _ in range(to - Delivery.objects.count())
    )


def test_a_full_queue_and_a_sink_that_is_away_change_no_page(open_a_page, account, collector, settings):
    settings.TELEMETRY_QUEUE_ROWS = 50
    without = open_a_page()
    assert without[1] == 1

    fill_the_queue(account, to=50)
    collector.answering.clear()

    assert open_a_page() == without
    assert collector.connections == 0
