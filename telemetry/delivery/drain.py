"""Sending what is queued: claimed in a short transaction, sent outside of any, settled by its lease."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from telemetry.consent.answers import valid_consents
from telemetry.delivery import resting
from telemetry.delivery.exporting import record_of
from telemetry.delivery.installation import the_installation
from telemetry.delivery.layers import detailed_is_wanted
from telemetry.delivery.models import Delivery, Installation, Layer
from telemetry.delivery.otlp import MOST_RECORDS, PATIENCE, End, Outcome, Sink, encode
from telemetry.delivery.querysets import DELIVERED, DeliveryQuerySet
from telemetry.delivery.schema import FIRST_SEEN, OPTED_IN, origin_of
from telemetry.operations.bell import doorbell
from telemetry.operations.pending import LEASE, LONGEST_DRAIN, MOMENT, Clock, Drained
from telemetry.people.models import Person

logger = logging.getLogger(__name__)

#: What is not sent by now is claimed again: the sink may take as long to answer.
LONGEST_SEND = timedelta(seconds=sum(PATIENCE) + 1)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one layer that we hold until the lease ends.

    The end of the lease is the mark of the claim: no two claims of a row have the same.
    """

    rows: tuple[Delivery, ...]
    lease: datetime

    def held(self, rows: Sequence[Delivery]) -> DeliveryQuerySet:
        """Those of the rows that are still ours."""
        return Delivery.objects.filter(pk__in=[row.pk for row in rows], lease_until=self.lease)


def drain(clock: Clock) -> Drained:
    """Drop what may not leave, send the rest a batch at a time until the queue is empty or the sink rests."""
    drop_what_may_not_leave(clock())
    sink = Sink.from_settings()
    if sink is None:
        return Drained()
    done = failed = 0
    with sink:
        while clock.elapsed() < LONGEST_DRAIN and not resting.rests(sink, clock()):
            batch = claim(clock())
            if batch is None:
                break
            delivered, kept = attend(batch, sink, clock)
            done, failed = done + delivered, failed + kept
    return Drained(done, failed, held_until=_look_again(clock()))


def drop_what_may_not_leave(now: datetime) -> None:
    """What was switched off since it was queued, and what the queue's bounds leave no room for."""
    queue = Delivery.objects.all()
    if settings.TELEMETRY_DISABLED:
        queue.drop_bit_by_bit("disabled")
    elif not detailed_is_wanted():
        queue.detailed().drop_bit_by_bit("switched_off")
    queue.drop_beyond(settings.TELEMETRY_QUEUE_ROWS, now - timedelta(days=settings.TELEMETRY_QUEUE_DAYS))


def claim(now: datetime) -> Batch | None:
    """The oldest rows of one layer that are due, without those whose person has no yes any more.

    People are held before their rows, as a withdrawal does it.
    """
    due = Delivery.objects.due(now)
    with transaction.atomic(durable=True):
        oldest = list(due.order_by("pk").values_list("pk", "layer", "person")[:MOST_RECORDS])
        seen = {pk: person for pk, layer, person in oldest if layer == oldest[0][1]}
        yes = valid_consents({person for person in seen.values() if person is not None}, at=now)
        rows = list(due.filter(pk__in=seen).select_for_update(skip_locked=True).order_by("pk"))
        if not rows:
            return None
        allowed = [row for row in rows if row.layer == Layer.BASE or row.person_id in yes]
        withdrawn = {row.pk for row in rows} - {row.pk for row in allowed}
        Delivery.objects.filter(pk__in=withdrawn).drop("consent_withdrawn")
        Delivery.objects.hold(allowed, now + LEASE)
    return Batch(tuple(allowed), now + LEASE)


def attend(batch: Batch, sink: Sink, clock: Clock) -> tuple[int, int]:
    """Send the batch, in one body or several, and settle it: how many rows were delivered, how many wait."""
    installation = the_installation(clock())
    rows, messages = _encoded(batch, installation)
    delivered = 0
    while True:
        # While it was encoded, or an earlier body was on its way, somebody may have said no or switched off.
        rows, messages = _still_held(batch, rows, messages)
        if not rows:
            return delivered, 0
        fitting = sink.fitting(messages)
        outcome = sink.send(messages[:fitting], origin_of(installation), clock())
        delivered += settle(batch, rows[:fitting], outcome, sink, clock())
        rows, messages = rows[fitting:], messages[fitting:]
        if outcome.keeps or clock() + LONGEST_SEND > batch.lease:
            return delivered, fitting + batch.held(rows).let_go(clock())


def _still_held(
    batch: Batch, rows: Sequence[Delivery], messages: Sequence[LogRecord]
) -> tuple[list[Delivery], list[LogRecord]]:
    """Those that no withdrawal and no erasure took out of the queue meanwhile, while their layer is on.

    Switching off drops what is queued. What was queued since, by who still saw the layer on, is dropped here.
    """
    if not rows:
        return [], []
    if rows[0].layer == Layer.DETAILED and not detailed_is_wanted():
        batch.held(rows).drop("switched_off")
        return [], []
    held = set(batch.held(rows).values_list("pk", flat=True))
    kept = [(row, message) for row, message in zip(rows, messages, strict=True) if row.pk in held]
    return [row for row, _message in kept], [message for _row, message in kept]


def _encoded(batch: Batch, installation: Installation) -> tuple[list[Delivery], list[LogRecord]]:
    """The rows that the protocol can carry, and their messages; others are dropped, and stop nobody."""
    people = {row.person_id for row in batch.rows if row.person_id is not None}
    public_ids = dict(Person.objects.filter(pk__in=people).values_list("pk", "public_id"))
    rows, messages, bad = [], [], []
    for row in batch.rows:
        if row.layer == Layer.DETAILED and row.person_id not in public_ids:
            continue  # erased since the claim, and counted then
        try:
            messages.append(encode(record_of(row, installation, public_ids)))
        except (ValueError, TypeError) as error:
            logger.error("not encodable", extra={"row": row.pk, "error": type(error).__name__})
            bad.append(row)
        else:
            rows.append(row)
    if bad:
        batch.held(bad).drop("not_encodable")
    return rows, messages


def settle(batch: Batch, rows: Sequence[Delivery], outcome: Outcome, sink: Sink, at: datetime) -> int:
    """Record what became of the rows that are still ours, in one transaction; how many were delivered.

    The installation's row is locked first, as by whoever switches the layer.
    """
    with transaction.atomic():
        if outcome.keeps:
            resting.rest(outcome, sink, at)
            batch.held(rows).let_go(at)
            return 0
        if outcome.end is End.DROPPED:
            resting.failed(outcome.reason, at)
            batch.held(rows).drop(outcome.reason)
            return 0
        resting.goes_on(at, "rejected" if outcome.rejected else "")
        if not outcome.rejected:
            _mark({row.name for row in rows if row.layer == Layer.BASE}, at)
        batch.held(rows[: outcome.rejected]).drop("rejected")
        return batch.held(rows[outcome.rejected :]).take_out(DELIVERED, "")


def _mark(names: set[str], at: datetime) -> None:
    """Once delivered, the first-seen record and the opt-in ping are known to be."""
    if FIRST_SEEN in names:
        Installation.objects.filter(first_seen_sent_at=None).update(first_seen_sent_at=at)
    if OPTED_IN in names:
        Installation.objects.update(optin_ping_sent_at=at)


def _look_again(now: datetime) -> datetime | None:
    """Ring again when the lease of what somebody else holds ends: they may be dead."""
    held = Delivery.objects.all().held(now).order_by("lease_until").first()
    if held is None or held.lease_until is None:
        return None
    doorbell.ring(Delivery.drained_by, after=held.lease_until - now + MOMENT)
    return held.lease_until
