"""What somebody has of their introductions: days, rewards that still run, and how it came to that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from referrals.ledger import DAY, Standing
from referrals.models import CreditGrant
from telemetry.people.models import Person


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the ledger, and until when there was credit once it was made."""

    entry: CreditGrant
    until: datetime | None

    @property
    def days(self) -> int:
        """Days given, or below zero: taken, as far as it had any effect."""
        whole = abs(self.entry.days) - self.entry.shortfall_seconds // DAY
        return whole if self.entry.days > 0 else -whole


@dataclass(frozen=True, slots=True)
class Overview:
    """One person's credit at a moment."""

    standing: Standing
    #: The latest first.
    lines: Sequence[Line]
    at: datetime

    @property
    def days_left(self) -> int:
        """Days that still run, a begun one counted."""
        return self.standing.days_left(self.at)

    @property
    def days(self) -> int:
        """All days on the account: those that run, and those that wait for the end of a membership."""
        return self.days_left + self.standing.banked_days

    @property
    def rewards_running(self) -> int:
        """How many rewards have not run out: the days given last are the last to run."""
        kept: Counter[int] = Counter()
        for line in self.lines:
            kept[line.entry.reverses_id or line.entry.pk] += line.entry.days
        left, running = self.days, 0
        for line in self.lines:
            entry = line.entry
            if left <= 0:
                break
            if entry.reverses_id is None and not entry.empties_the_bank and kept[entry.pk] > 0:
                running += entry.is_reward
                left -= kept[entry.pk]
        return running


def overview_of(person: Person | None, *, at: datetime) -> Overview:
    """What a person has at `at`; nothing for nobody. One query."""
    standing, lines = Standing(), []
    for entry in CreditGrant.objects.of(person) if person is not None else ():
        standing = standing.after(entry)
        lines.append(Line(entry, standing.until))
    return Overview(standing, lines[::-1], at)
