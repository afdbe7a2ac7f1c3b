"""Two processes queue the first-seen record at the same moment: one does, and the database sees to it too."""

from threading import Thread

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, models

from telemetry.delivery import installation
from telemetry.delivery.installation import queue_first_seen
from telemetry.delivery.models import Delivery
from telemetry.tests.delivery.conftest import NOW
from telemetry.tests.waiting import until_it_waits_or_ends

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def another_comes(collector, monkeypatch):
    """Another process queues it too, when the first one has looked; how many of the two did."""
    put = installation._put
    queued = []

    def queue():
        try:
            queued.append(queue_first_seen(NOW))
        finally:
            connection.close()

    other = Thread(target=queue)

    def let_it_come_and_put(*args, **kwargs):
        monkeypatch.setattr(installation, "_put", put)
        other.start()
        until_it_waits_or_ends(other)
        put(*args, **kwargs)

    monkeypatch.setattr(installation, "_put", let_it_come_and_put)

    def both():
        try:
            queued.append(queue_first_seen(NOW))
        finally:
            other.join()
        return sum(queued)

    return both


def test_one_of_two_queues_it(another_comes):
    assert another_comes() == 1

    assert Delivery.objects.count() == 1


if settings.POSTGRESQL:  # SQLite lets one transaction write at a time: there the lock has nothing to do.

    @pytest.mark.guard
    def test_without_the_lock_the_database_still_refuses_the_second(another_comes, monkeypatch):
        monkeypatch.setattr(models.QuerySet, "select_for_update", lambda rows, **_how: rows)

        with pytest.raises(IntegrityError, match="one_delivery_per_record"):
            another_comes()

        assert Delivery.objects.count() == 1

    @pytest.mark.guard
    def test_without_the_lock_and_the_constraint_both_queue_it(another_comes, monkeypatch):
        monkeypatch.setattr(models.QuerySet, "select_for_update", lambda rows, **_how: rows)
        [once] = [each for each in Delivery._meta.constraints if each.name == "one_delivery_per_record"]
        with connection.schema_editor() as editor:
            editor.remove_constraint(Delivery, once)
        try:
            assert another_comes() == 2
        finally:
            Delivery.objects.all().delete()
            with connection.schema_editor() as editor:
                editor.add_constraint(Delivery, once)
