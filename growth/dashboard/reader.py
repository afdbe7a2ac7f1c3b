"""Who reads, and what of a number they may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from growth.dashboard.behind import Behind
from growth.dashboard.links import link
from growth.dashboard.wording import UNKNOWN, grouped

#: Counts of people below this are hidden from those who may not see the people.
FEWEST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of people, or a sum of money, as one reader sees it; `value` is the count."""

    text: str
    value: int | None = None
    href: str = ""

    def __str__(self) -> str:
        """What is printed."""
        return self.text


@dataclass(frozen=True, slots=True)
class Reader:
    """A member of staff."""

    user: Any

    def may(self, permission: str) -> bool:
        """Whether they hold it."""
        return bool(self.user.has_perm(permission))

    @property
    def may_see_people(self) -> bool:
        """Whether numbers open for them."""
        return self.may("telemetry.view_people")

    def hides(self, count: int | None) -> bool:
        """Whether a count is too small for them to see."""
        return count is not None and 0 < count < FEWEST_SHOWN and not self.may_see_people

    def figure(self, count: int | None, behind: Behind | None = None) -> Figure:
        """The count as they see it, with its link when they may follow it."""
        if count is None:
            return Figure(UNKNOWN)
        if self.hides(count):
            return Figure(f"< {FEWEST_SHOWN}")
        href = link(behind) if behind and count and self.may_see_people else ""
        return Figure(grouped(count), count, href)
