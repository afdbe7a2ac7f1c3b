"""Mail to supporters, in sentences."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Q

from telemetry.operations.pending import PendingWorkQuerySet

if TYPE_CHECKING:
    from donations.models.mail import SupportMail  # noqa: F401 - of what the rows are
    from telemetry.people.models import Person


class SupportMailQuerySet(PendingWorkQuerySet["SupportMail"]):
    """The outbox."""

    def queue_once(
        self, kind: str, about: str, *, person: Person | None, address: str = "", at: datetime, **fields: Any
    ) -> bool:
        """Write a mail down, once for what it is about; False when it was written before, or nobody gets it.

        To the address of the person's account, else to the one that is known from the payment.
        """
        account = person.account if person is not None else None
        to = account.email if account is not None else address
        if not to:
            return False
        once = f"{kind}:{about}"
        if self.filter(once=once).exists():
            return False
        row = self.model(kind=kind, once=once, person=person, address=to, next_try_at=at, **fields)
        self.bulk_create([row], ignore_conflicts=True)
        row.ring()
        return True

    def uncertain(self) -> Self:
        """What may have arrived, and may not."""
        return self.filter(is_uncertain=True)

    def with_address_from_before(self, moment: datetime) -> Self:
        """What was sent before `moment`, or written then and given up, and still says to whom."""
        done, dead = self.model.State.DONE, self.model.State.DEAD
        over = Q(state=done, done_at__lt=moment) | Q(state=dead, created_at__lt=moment)
        return self.filter(over).exclude(address="")
