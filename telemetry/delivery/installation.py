"""This installation: one identity, the switch of the detailed layer, and what the base layer is to say."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import uuid5

from django.db import transaction
from django.utils import timezone

from telemetry.delivery.layers import base_is_on, locked_by
from telemetry.delivery.models import Delivery, Installation, Layer
from telemetry.delivery.schema import FIRST_SEEN, HEARTBEAT, OPTED_IN, TEST, base_attributes
from telemetry.operations.models import Alert, AuditEntry
from telemetry.operations.slots import claim_slot, day_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

JOB = "telemetry.heartbeat"
REFUSED = "telemetry:refused"
HEARTBEAT_TIME = time(3)
JITTER = 3600  # seconds


class LockedByEnvironment(Exception):
    """The environment decides on the detailed layer; staff cannot. `args[0]` names the variable."""


def the_installation(at: datetime) -> Installation:
    """The one row, made at its first use: whoever inserts it first names the installation."""
    return Installation.objects.get_or_create(pk=1, defaults={"first_seen_at": at})[0]


def queue_first_seen(now: datetime) -> bool:
    """Queue the one first-seen record; False when it waits already, was delivered, or base is off."""
    if not base_is_on():
        return False
    the_installation(now)
    with transaction.atomic():
        installation = Installation.objects.select_for_update().get()
        record_id = uuid5(installation.install_id, FIRST_SEEN)
        if installation.first_seen_sent_at or Delivery.objects.filter(record_id=record_id).exists():
            return False
        at = installation.first_seen_at
        _put(Delivery(record_id=record_id, name=FIRST_SEEN, occurred_at=at), installation, now)
    return True


def queue_heartbeat(now: datetime, *, early: bool = False) -> bool:
    """Queue the heartbeat whose moment came last, once for its day; False when that was done, or base is off.

    `early` queues today's before its moment. A heartbeat that was missed is caught up, the last one only.
    """
    if not base_is_on():
        return False
    installation = the_installation(now)
    planned = _planned(installation, now)
    if early and planned < day_of(now):
        planned = _heartbeat_of(installation, day_of(now))
    if not early and planned < installation.first_seen_at:
        return False
    with transaction.atomic():
        if not claim_slot(JOB, day_of(planned), now):
            return False
        Installation.objects.update(heartbeat_at=planned, heartbeat_queued_at=now)
        at = min(planned, now)
        _put(Delivery(name=HEARTBEAT, occurred_at=at), installation, now, heartbeat_at=planned)
    queue_first_seen(now)
    return True


def queue_test_record(now: datetime) -> bool:
    """Queue a record by which staff see that the sink is reached; False when base is off."""
    if base_is_on():
        _put(Delivery(name=TEST, occurred_at=now), the_installation(now), now)
    return base_is_on()


def switch_detailed(on: bool, *, by: AbstractBaseUser | None, at: datetime) -> bool:
    """Set the detailed layer on or off; False when it is so already. `LockedByEnvironment` when locked.

    On queues one opt-in ping. Off drops what is queued and not yet sent, at once.
    """
    if lock := locked_by(Layer.DETAILED):
        raise LockedByEnvironment(lock)
    installation = the_installation(at)
    with transaction.atomic():
        moved = Installation.objects.filter(detailed_enabled=not on).update(
            detailed_enabled=on, switched_at=at, switched_by=by
        )
        if not moved:
            return False
        AuditEntry.objects.record(
            by, "telemetry.detailed_switched", installation, {"on": not on}, {"on": on}, at=at
        )
        if not on:
            Delivery.objects.detailed().drop("switched_off")
        elif base_is_on():
            _put(Delivery(name=OPTED_IN, occurred_at=at), installation, at)
    return True


@transaction.atomic
def resume(*, by: AbstractBaseUser | None, at: datetime) -> bool:
    """Try a sink again that refused our credentials, or that rests; False when delivery goes on anyway."""
    resting = Installation.objects.exclude(resume_at=None)
    if not resting.update(paused_at=None, resume_at=None, failures=0, resting_from=""):
        return False
    Alert.objects.resolve(REFUSED, at)
    AuditEntry.objects.record(by, "telemetry.delivery_resumed", the_installation(at), at=at)
    Delivery.ring()
    return True


def _planned(installation: Installation, now: datetime) -> datetime:
    """The heartbeat's moment that came last: today's, or yesterday's."""
    today = _heartbeat_of(installation, day_of(now))
    if today <= now:
        return today
    return _heartbeat_of(installation, day_of(day_of(now) - timedelta(hours=1)))


def _heartbeat_of(installation: Installation, day: datetime) -> datetime:
    """03:00 of that day in the project's zone, and up to an hour of this installation's own."""
    zone = timezone.get_default_timezone()
    three = datetime.combine(day.astimezone(zone).date(), HEARTBEAT_TIME, tzinfo=zone)
    return three + timedelta(seconds=installation.install_id.int % JITTER)


def _put(
    row: Delivery, installation: Installation, now: datetime, *, heartbeat_at: datetime | None = None
) -> None:
    row.layer = Layer.BASE
    row.attributes = base_attributes(installation, now, heartbeat_at)
    row.next_try_at = now
    Delivery.objects.put([row])
