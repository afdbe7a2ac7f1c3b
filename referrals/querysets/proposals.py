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
    def propose(
        self, person: Person, days: int, *, by: Any, reason: str, at: datetime, idem_key: str | None = None
    ) -> CreditProposal:
        """Ask for days that one alone may not give, once for each `idem_key`; or what was proposed before.

        Raises `ReasonRequired` without a name or a reason.
        """
        if by is None or not reason.strip():
            raise ReasonRequired
        asked = {"person": person, "days": days, "reason": reason, "proposed_by": by, "proposed_at": at}
        if idem_key is None:
            proposal, is_new = self.create(**asked), True
        else:
            proposal, is_new = self.get_or_create(idem_key=idem_key, defaults=asked)
        if is_new:
            after = {"days": days}
            AuditEntry.objects.record(by, "credit.proposed", proposal, after=after, cause=reason, at=at)
        return proposal
