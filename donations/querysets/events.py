"""Stripe's events, in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from telemetry.operations.pending import PendingWorkQuerySet

if TYPE_CHECKING:
    from donations.models.event import StripeEvent


class StripeEventQuerySet(PendingWorkQuerySet["StripeEvent"]):
    """The inbox."""

    def take_in(self, row: StripeEvent) -> bool:
        """Store an event once, however many deliver it at a time; False when it was here.

        One that was ignored and is understood now is taken in after all, once. If two endpoints of two
        versions tell it at one time and the strange one is kept, the daily look takes it up.
        """
        if self.filter(event_id=row.event_id).exists():
            return self._take_up(row)
        self.bulk_create([row], ignore_conflicts=True)
        return True

    def _take_up(self, row: StripeEvent) -> bool:
        """Have an ignored event worked on as `row` tells it; False when it was not ignored, or `row` is."""
        if row.ignored:
            return False
        ignored = self.filter(event_id=row.event_id, state=row.State.DONE).exclude(ignored="")
        told = {name: getattr(row, name) for name in ("api_version", "object_id", "payload", "next_try_at")}
        return bool(ignored.update(state=row.State.PENDING, ignored="", done_at=None, **told))

    def naming(self, ids: Iterable[str]) -> Self:
        """Events about these ids, or whose payload holds one of them."""
        texts = self.annotate(text=Cast("payload", TextField()))
        wanted = [Q(object_id=one) | Q(text__contains=f'"{one}"') for one in ids]
        return texts.filter(reduce(or_, wanted)) if wanted else self.none()

    def with_payload_from_before(self, moment: datetime) -> Self:
        """What was received before `moment` and still has its payload."""
        return self.filter(created_at__lt=moment, payload__isnull=False)
