"""What a ledger comes to: arithmetic over its entries, read in their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

#: Seconds of a day of credit, whatever the calendar says: no clock change makes one longer.
DAY = 86_400
#: Nobody's credit reaches further ahead than this; what would is cut off.
LONGEST = timedelta(days=3650)


class Entry(Protocol):
    """An entry, as far as it counts."""

    @property
    def days(self) -> int:
        """Days given, or below zero: taken."""

    @property
    def shortfall_seconds(self) -> int:
        """Of these days, what is without effect."""

    @property
    def is_banked(self) -> bool:
        """Whether the days given wait until paid cover ends."""

    @property
    def empties_the_bank(self) -> bool:
        """Whether it lets all days run that waited."""

    @property
    def effective_at(self) -> datetime:
        """From when on it counts."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody has: credit until a moment, and seconds in the bank."""

    until: datetime | None = None
    banked_seconds: int = 0

    @property
    def banked_days(self) -> int:
        """Whole days in the bank."""
        return self.banked_seconds // DAY

    def days_left(self, at: datetime) -> int:
        """Days that still run at `at`, a begun one counted; what is in the bank is not among them."""
        return -(-self._seconds_left(at) // DAY)

    def after(self, entry: Entry) -> Standing:
        """What they have once this entry is made.

        Given days run from the end of what runs, or from now; taken days come out of the bank first,
        and then out of what is left to run, never below now.
        """
        at = entry.effective_at
        if entry.empties_the_bank:
            return Standing(self._longer(self.banked_seconds, at), 0)
        seconds = abs(entry.days) * DAY
        if entry.days < 0:
            from_bank = min(seconds, self.banked_seconds)
            return Standing(self._shorter(seconds - from_bank, at), self.banked_seconds - from_bank)
        seconds -= entry.shortfall_seconds
        if entry.is_banked:
            return replace(self, banked_seconds=self.banked_seconds + seconds)
        return replace(self, until=self._longer(seconds, at))

    def missing(self, days: int, at: datetime) -> int:
        """Of so many days to be taken at `at`, the seconds that are not there."""
        return max(0, days * DAY - self.banked_seconds - self._seconds_left(at))

    def _seconds_left(self, at: datetime) -> int:
        if self.until is None or self.until <= at:
            return 0
        return -int((at - self.until) // timedelta(seconds=1))

    def _longer(self, seconds: int, at: datetime) -> datetime | None:
        if not seconds:
            return self.until
        start = max(at, self.until or at)
        furthest = max(start, at + LONGEST)
        return min(furthest, start + _span(seconds))

    def _shorter(self, seconds: int, at: datetime) -> datetime | None:
        if self.until is None or not seconds:
            return self.until
        left = max(timedelta(0), self.until - at)
        return at + (left - min(left, _span(seconds)))


def _span(seconds: int) -> timedelta:
    """So many seconds, as far as anything reaches: a column holds more days than a span of time."""
    return timedelta(seconds=min(seconds, LONGEST.days * DAY))


def replay(entries: Iterable[Entry]) -> Standing:
    """What a ledger comes to; its entries as they were made, one after the other."""
    standing = Standing()
    for entry in entries:
        standing = standing.after(entry)
    return standing
