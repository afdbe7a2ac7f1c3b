"""What holds after every fault, whatever it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, F, OuterRef, Subquery

from donations.models import DevelopmentObject, Payment, StripeEvent, SupportMail
from growth.watch import kinds_of_work
from referrals.tests.invariants import assert_credit, assert_rewards
from telemetry.consent.models import Source
from telemetry.delivery.models import Layer
from telemetry.delivery.status import status
from telemetry.log.models import Origin
from telemetry.models import Alert, ConsentRecord, Delivery, Event

#: Longer than a lease and beat's turn: a row due for so long is waited for by nobody.
DEADLINE = timedelta(minutes=3)

ADDRESS = re.compile(r"(?<!celery)@[\w-]+(\.[\w-]+)+")
QUERY = re.compile(r"(GET|POST|PUT|DELETE) \S*\?")


def assert_invariants(now: datetime) -> None:
    """What holds of the rows, whatever happened.

    Ledgers come to what is projected (I1), money is whole and rewards once (I2), what is to leave adds up
    (I3), no work is overdue or dead in silence (I4), consent holds (I5), no event is twice (I6).
    """
    for model in kinds_of_work():
        rows = model._default_manager.all()
        assert not rows.due(now).filter(next_try_at__lt=now - DEADLINE).exists(), f"{model} waits in vain"
        if rows.dead().exists():
            alert = Alert.objects.open().filter(key=f"dead:{model._meta.label_lower}")
            assert alert.exists(), f"{model} is dead and nobody knows"
    doubled = Event.objects.values("origin", "key").annotate(times=Count("pk")).filter(times__gt=1)
    assert not doubled.exists(), "an event is stored twice"
    assert_consent()
    assert_balance(now)
    assert_credit()
    assert_money()
    assert_rewards()


def assert_money() -> None:
    """I2: what was paid at Stripe is one payment, with one receipt at most.

    Stripe is the offline one; what was told and not worked on is not missed yet.
    """
    for name in ("invoice_id", "payment_intent_id", "charge_id"):
        known = Payment.objects.exclude(**{name: None}).values(name)
        assert not known.annotate(times=Count("pk")).filter(times__gt=1).exists(), f"{name} is paid twice"
    receipts = SupportMail.objects.filter(kind=SupportMail.Kind.RECEIPT).values("payment")
    assert not receipts.annotate(times=Count("pk")).filter(times__gt=1).exists(), "a payment has two receipts"
    if (
        StripeEvent.objects.exists()
        and not StripeEvent.objects.exclude(state=StripeEvent.State.DONE).exists()
    ):
        charged = set(DevelopmentObject.objects.of("charge", paid=True).values_list("stripe_id", flat=True))
        assert charged <= set(Payment.objects.values_list("charge_id", flat=True)), "money is missing"


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


def assert_honest_answers(statuses: Iterable[int]) -> None:
    """I7: no 5xx but the fault's own 503."""
    assert {status for status in statuses if status >= 500} <= {503}


def assert_silent_log(lines: Iterable[str], secrets: Sequence[str]) -> None:
    """I8: no line holds a secret, an address or a query string."""
    for line in lines:
        assert not any(secret in line for secret in secrets), line
        assert not ADDRESS.search(line), line
        assert not QUERY.search(line), line
