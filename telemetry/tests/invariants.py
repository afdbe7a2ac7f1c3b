"""What holds of what happened, of its consent and of pending work after every fault, whatever it was."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, F, OuterRef, Subquery

from telemetry.consent.models import Source
from telemetry.delivery.models import Layer
from telemetry.delivery.status import status
from telemetry.log.models import Origin
from telemetry.models import Alert, ConsentRecord, Delivery, Event
from telemetry.operations.pending import kinds_of_work

#: Longer than a lease and beat's turn: a row due for so long is waited for by nobody.
DEADLINE = timedelta(minutes=3)


def assert_invariants(now: datetime) -> None:
    """What holds of the rows, whatever happened.

    What is to leave adds up (I3), no work is overdue or dead in silence (I4), consent holds (I5), no event
    is twice (I6).
    """
    assert_balance(now)
    assert_work(now)
    assert_consent()
    doubled = Event.objects.values("origin", "key").annotate(times=Count("pk")).filter(times__gt=1)
    assert not doubled.exists(), "an event is stored twice"


def assert_work(now: datetime) -> None:
    """I4: no row of any app's is overdue, or dead without an alert."""
    for model in kinds_of_work():
        rows = model._default_manager.all()
        assert not rows.due(now).filter(next_try_at__lt=now - DEADLINE).exists(), f"{model} waits in vain"
        if rows.dead().exists():
            alert = Alert.objects.open().filter(key=f"dead:{model._meta.label_lower}")
            assert alert.exists(), f"{model} is dead and nobody knows"


def assert_consent() -> None:
    """I5: what names a consent has a yes of its person and its time, and nothing waits after a no."""
    named = Event.objects.filter(consent__isnull=False)
    assert not named.filter(origin=Origin.CSV).exists(), "an imported event names a consent"
    assert not named.filter(consent__granted=False).exists(), "an event names a no"
    assert not named.exclude(consent__person=F("person")).exists(), "an event names another's yes"
    assert not named.filter(consent__at__gt=F("occurred_at")).exists(), "an event is older than its yes"
    answers = ConsentRecord.objects.filter(person=OuterRef("person")).exclude(source=Source.POLICY)
    last = Subquery(answers.order_by("-at", "-pk").values("granted")[:1])
    waiting = Delivery.objects.pending().filter(layer=Layer.DETAILED)
    assert not waiting.filter(person=None).exists(), "something of nobody waits to leave"
    assert not waiting.filter(consent__at__gt=F("occurred_at")).exists(), "what waits is older than its yes"
    assert not waiting.annotate(last=last).filter(last=False).exists(), "something waits to leave after a no"


def assert_balance(now: datetime) -> None:
    """I3: what was queued to leave was delivered, dropped and counted, or waits."""
    for layer in status(now).layers:
        assert layer.balances, f"{layer} does not add up"
