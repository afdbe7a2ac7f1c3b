"""`manage.py credit_check`: whether what is recorded agrees with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from referrals.models import CreditGrant
from telemetry.people.models import Person


class Command(BaseCommand):
    """Print everybody whose credit differs from what their ledger comes to; exit with 1 when anybody does."""

    help = "Compares the credit ledger with Supporter.credit_until; exits with 1 where they differ."

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a person: who, what the ledger says, what is recorded."""
        drifted = list(CreditGrant.objects.drift())
        names = dict(
            Person.objects.filter(pk__in=[drift.person for drift in drifted]).values_list("pk", "public_id")
        )
        for drift in drifted:
            said, recorded = _told(drift.projected), _told(drift.recorded)
            self.stdout.write(f"{names[drift.person]}: the ledger says {said}, recorded is {recorded}")
        if drifted:
            raise CommandError(f"{len(drifted)} differ.", returncode=1)
        self.stdout.write("The ledger and what is recorded agree.")


def _told(moment: datetime | None) -> str:
    return "nothing" if moment is None else moment.isoformat()
