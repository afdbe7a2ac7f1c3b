"""Work that needs Stripe."""

from __future__ import annotations

from datetime import timedelta

from telemetry.operations.pending import PendingWork

#: Stripe may be away for hours: the last attempt is more than a day after the first.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
)


class StripeWork(PendingWork):
    """A row that is worked on with Stripe's help."""

    max_attempts = len(PAUSES) + 1

    class Meta(PendingWork.Meta):
        abstract = True

    @classmethod
    def pause_after(cls, attempts: int) -> timedelta:
        """From a minute to a day."""
        return PAUSES[attempts - 1]
