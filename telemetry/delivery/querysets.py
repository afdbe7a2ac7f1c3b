"""What waits to leave this installation, and how much met which end; in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import connections, models, transaction
from django.db.models import F

from telemetry.operations.pending import Clock, Drained, PendingWorkQuerySet

if TYPE_CHECKING:
    from telemetry.delivery.models import Delivery, DeliveryCount
    from telemetry.people.models import Person

QUEUED, DELIVERED, DROPPED = "queued", "delivered", "dropped"
PENDING, UNTOUCHED = "pending", "untouched"

# One statement, so that both are of the same moment: counts move in the transaction in which rows go.
COUNTS_AND_QUEUE = """
    SELECT layer, outcome, reason, count FROM telemetry_deliverycount
    UNION ALL
    SELECT layer, 'pending', '', count(*) FROM telemetry_delivery WHERE state = 'pending' GROUP BY layer
    UNION ALL
    SELECT layer, 'untouched', '', count(*) FROM telemetry_delivery
    WHERE state = 'pending' AND attempts = 0 GROUP BY layer
"""
#: Rows that one transaction drops, so that nobody waits long for a lock.
AT_ONCE = 5_000


class DeliveryQuerySet(PendingWorkQuerySet["Delivery"]):
    """The queue. Whoever takes rows out of it counts them in the same transaction."""

    def base(self) -> Self:
        """Records of the installation itself."""
        return self.filter(layer="base")

    def detailed(self) -> Self:
        """Records of what people did."""
        return self.filter(layer="detailed")

    def of(self, person: Person) -> Self:
        """Those of one person."""
        return self.filter(person=person)

    def untouched(self) -> Self:
        """What nobody has claimed yet, and nobody has counted."""
        return self.filter(attempts=0)

    def queued_before(self, moment: datetime) -> Self:
        """What has waited since before `moment`."""
        return self.filter(next_try_at__lt=moment)

    def put(self, rows: Iterable[Delivery]) -> int:
        """Queue rows in one statement; the bell rings when the transaction stands."""
        made = self.bulk_create(rows)
        if made:
            self.model.ring()
        return len(made)

    def drain(self) -> Drained:
        """Send what `due(now)` found, a batch at a time."""
        from telemetry.delivery.drain import drain

        if self.due_at is None:
            raise ValueError("Say when: due(now).drain().")
        return drain(Clock(self.due_at))

    def drop(self, reason: str) -> int:
        """Take these rows out of the queue, counted under `reason`; how many went."""
        return self.take_out(DROPPED, reason)

    def drop_bit_by_bit(self, reason: str) -> int:
        """`drop` for as many rows as there are, each bit in a transaction of its own."""
        gone = 0
        while ids := list(self.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
            gone += self.model.objects.filter(pk__in=ids).drop(reason)
        return gone

    def drop_beyond(self, rows: int, since: datetime) -> int:
        """Drop what was queued before `since`, then the oldest beyond so many rows; how many went."""
        gone = self.pending().queued_before(since).drop_bit_by_bit("too_old")
        newest_first = self.pending().order_by("-pk").values_list("pk", flat=True)
        if first_beyond := newest_first[rows : rows + 1].first():
            gone += self.pending().filter(pk__lte=first_beyond).drop_bit_by_bit("queue_full")
        return gone

    @transaction.atomic
    def take_out(self, outcome: str, reason: str) -> int:
        """Delete these rows and count them; how many were there.

        Rows are locked in the order of their keys and counts come last, here and everywhere, so that no two
        transactions wait for each other.
        """
        locked = self.pending().select_for_update().order_by("pk").values_list("pk", "layer", "attempts")
        rows = list(locked)
        for first in range(0, len(rows), AT_ONCE):
            some = [pk for pk, _layer, _attempts in rows[first : first + AT_ONCE]]
            self.model.objects.filter(pk__in=some)._raw_delete(self.db)
        counts = Counter((layer, outcome, reason) for _pk, layer, _attempts in rows)
        counts.update((layer, QUEUED, "") for _pk, layer, attempts in rows if attempts == 0)
        self._counts().add(counts)
        return len(rows)

    def hold(self, rows: Iterable[Delivery], until: datetime) -> None:
        """Claim locked rows until the lease ends, and count those that nobody had touched as queued."""
        rows = list(rows)
        self.model.objects.filter(pk__in=[row.pk for row in rows]).update(
            attempts=F("attempts") + 1, lease_until=until
        )
        self._counts().add(Counter((row.layer, QUEUED, "") for row in rows if row.attempts == 0))

    def let_go(self, at: datetime) -> int:
        """End the leases of these rows: they are due again."""
        return self.update(lease_until=at)

    def waiting_since(self) -> datetime | None:
        """When the oldest of these was queued."""
        oldest: datetime | None = self.pending().aggregate(oldest=models.Min("next_try_at"))["oldest"]
        return oldest

    def _counts(self) -> DeliveryCountQuerySet:
        from telemetry.delivery import models as rows

        return rows.DeliveryCount.objects.using(self.db)


class DeliveryCountQuerySet(models.QuerySet["DeliveryCount", "DeliveryCount"]):
    """How many records met which end."""

    def add(self, counts: Counter[tuple[str, str, str]]) -> None:
        """Count so many more by layer, outcome and reason; always in the same order of rows."""
        for (layer, outcome, reason), number in sorted(counts.items()):
            which: dict[str, Any] = {"layer": layer, "outcome": outcome, "reason": reason}
            if not self.filter(**which).update(count=F("count") + number):
                first: DeliveryCount = self.model(**which)
                self.bulk_create([first], ignore_conflicts=True)
                self.filter(**which).update(count=F("count") + number)

    def with_the_queue(self) -> Counter[tuple[str, str, str]]:
        """All counts by layer, outcome and reason; PENDING and UNTOUCHED are what the queue holds now."""
        with connections[self.db].cursor() as cursor:
            cursor.execute(COUNTS_AND_QUEUE)
            return Counter({(layer, outcome, reason): n for layer, outcome, reason, n in cursor.fetchall()})
