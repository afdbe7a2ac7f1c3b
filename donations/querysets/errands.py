"""Errands to Stripe, in sentences."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from telemetry.operations.pending import PendingWorkQuerySet

if TYPE_CHECKING:
    from donations.models.errand import StripeErrand  # noqa: F401 - of what the rows are


class StripeErrandQuerySet(PendingWorkQuerySet["StripeErrand"]):
    """What we ask Stripe to do."""

    def queue_once(self, kind: str, object_id: str, *, at: datetime) -> bool:
        """Have something done to an object at Stripe that is done only once; False when it was asked."""
        key = f"{kind}:{object_id}"
        if self.filter(key=key).exists():
            return False
        row = self.model(kind=kind, object_id=object_id, key=key, next_try_at=at)
        self.bulk_create([row], ignore_conflicts=True)
        row.ring()
        return True
