"""With which words the banner begins: those of the first milestone that somebody has passed."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from donations.statistics import UsageStats


@dataclass(frozen=True, slots=True)
class Milestone:
    """What somebody has passed by now, at least."""

    title: Promise
    hours: int = 0
    entries: int = 0
    days: int = 0

    def is_passed(self, usage: UsageStats) -> bool:
        """Whether somebody's figures are as high."""
        enough = usage.entries >= self.entries and usage.days >= self.days
        return enough and usage.total_hours >= self.hours


MILESTONES = (
    Milestone(_("More than a hundred hours in good company"), hours=100),
    Milestone(_("More than fifty entries, and counting"), entries=50),
    Milestone(_("More than a week together"), days=7),
)
DEFAULT = Milestone(_("This is paid for by the people who use it"))


def milestone_of(usage: UsageStats) -> Milestone:
    """The first that is passed; what holds for everybody otherwise."""
    return next((each for each in MILESTONES if each.is_passed(usage)), DEFAULT)
