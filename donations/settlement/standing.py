"""How a person stands as a supporter: it follows from their subscriptions and payments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from donations.models import Payment, Subscription, Supporter, SupportMail
from donations.models.supporter import Tier
from donations.settlement.parties import hold
from donations.signals import membership_ended
from telemetry.models import AuditEntry
from telemetry.people.models import Person


def follow(person: Person, *, at: datetime, cause: str = "") -> bool:
    """Bring tier, grace and last gift of a person up to date as of `at`; False when nothing moved.

    Belongs into the transaction of what moved them, after everything else that locks: it holds their row.
    """
    Supporter.objects.bulk_create([Supporter(person=person)], ignore_conflicts=True)
    supporter = Supporter.objects.select_for_update().get(pk=person.pk)
    before = (supporter.tier, supporter.grace_until, supporter.last_gift_at)
    supporter.last_gift_at = last_gift(person)
    # A tier that staff gave to somebody who never had a membership stays theirs.
    if memberships := list(Subscription.objects.memberships().begun().of(person)):
        running = [one for one in memberships if one.is_running(at)]
        supporter.tier = Tier.PAID if running else Tier.FREE
        supporter.grace_until = _grace(running)
    if before == (supporter.tier, supporter.grace_until, supporter.last_gift_at):
        return False
    supporter.save(update_fields=["tier", "grace_until", "last_gift_at"])
    if supporter.tier != before[0]:
        _tell(supporter, before[0], cause, at)
    return True


def _grace(running: Iterable[Subscription]) -> datetime | None:
    """When access ends unless a renewal is paid; None while one subscription is in order."""
    ends = [one.grace_until for one in running]
    return None if None in ends else max((end for end in ends if end), default=None)


def last_gift(person: Person) -> datetime | None:
    """When they last gave what is no membership, and is still with us."""
    gifts = Payment.objects.of(person).gifts().kept()
    last: datetime | None = gifts.aggregate(last=Max("paid_at"))["last"]
    return last


def _tell(supporter: Supporter, before: str, cause: str, at: datetime) -> None:
    AuditEntry.objects.record(
        None, "supporter.tier", supporter, {"tier": before}, {"tier": supporter.tier}, cause=cause, at=at
    )
    if before == Tier.PAID:
        membership_ended.send(sender=Supporter, person=supporter.person, at=at)
        SupportMail.objects.queue_once(
            SupportMail.Kind.MEMBERSHIP_ENDED,
            f"{supporter.pk}:{at:%Y-%m-%d}",
            person=supporter.person,
            facts={"still_charged": Subscription.objects.live().of(supporter.person).exists()},
            at=at,
        )


def end_grace(now: datetime) -> int:
    """Whose grace is over loses the tier; how many did."""
    ended = 0
    late = Supporter.objects.filter(tier=Tier.PAID, grace_until__lte=now).select_related("person")
    for supporter in late.order_by("pk"):
        with transaction.atomic():
            person = hold(supporter.person)
            ended += person is not None and follow(person, at=now, cause="grace")
    return ended
