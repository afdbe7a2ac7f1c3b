"""Days that wait for the word of a second one of the staff."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from referrals.querysets.credits import ReasonRequired
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person

if TYPE_CHECKING:
    from referrals.models import CreditProposal


class CreditProposalQuerySet(models.QuerySet["CreditProposal", "CreditProposal"]):
    """Proposals, in sentences."""

    def open(self) -> CreditProposalQuerySet:
        """What nobody has decided."""
        return self.filter(state="open")

    @transaction.atomic
    def propose(self, person: Person, days: int, *, by: Any, reason: str, at: datetime) -> CreditProposal:
        """Ask for days that one alone may not give. Raises `ReasonRequired` without a name or a reason."""
        if by is None or not reason.strip():
            raise ReasonRequired
        made = self.create(person=person, days=days, reason=reason, proposed_by=by, proposed_at=at)
        AuditEntry.objects.record(by, "credit.proposed", made, after={"days": days}, cause=reason, at=at)
        return made
