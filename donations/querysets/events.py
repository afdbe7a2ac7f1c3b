"""Stripe's events, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from telemetry.operations.models import Alert
from telemetry.operations.pending import PendingWorkQuerySet

if TYPE_CHECKING:
    from donations.models.event import StripeEvent


class StripeEventQuerySet(PendingWorkQuerySet["StripeEvent"]):
    """The inbox."""

    def take_in(self, row: StripeEvent) -> bool:
        """Store an event once, however many deliver it at a time; False when it was here."""
        if self.filter(event_id=row.event_id).exists():
            return False
        self.bulk_create([row], ignore_conflicts=True)
        return True

    def naming(self, ids: Iterable[str]) -> Self:
        """Events about these ids, or whose payload holds one of them."""
        texts = self.annotate(text=Cast("payload", TextField()))
        wanted = [Q(object_id=one) | Q(text__contains=f'"{one}"') for one in ids]
        return texts.filter(reduce(or_, wanted)) if wanted else self.none()

    def with_payload_from_before(self, moment: datetime) -> Self:
        """What was received before `moment` and still has its payload."""
        return self.filter(created_at__lt=moment, payload__isnull=False)

    def say_when_well_again(self, now: datetime) -> None:
        """Resolve the alert of failing events once none waits for another attempt."""
        if not self.pending().exclude(last_error="").exists():
            from donations.models.event import FAILING

            Alert.objects.resolve(FAILING, now)
