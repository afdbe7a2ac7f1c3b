"""Soft prompts: which one may be shown to whom, at most one a week."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Sum

from donations.events import Prompt
from donations.models.supporter import Supporter
from donations.visibility import SupportVisibility
from telemetry.log.models import Event
from telemetry.log.vocabulary import activity_type_ids
from telemetry.operations.slots import day_of
from telemetry.people.models import Person

#: From when on somebody has used the product for a while.
SETTLED_DAYS = 7
#: As much of one day that the product clearly matters.
LONG_DAY = 4 * 3600  # seconds
LONG_DAY_EVERY = timedelta(days=30)

LONG_AGO = datetime.min.replace(tzinfo=UTC)

#: What a page may bring up by itself, in the order in which what was never shown comes first.
OF_PAGES = (Prompt.AFTER_REPORT, Prompt.SEVEN_DAY, Prompt.ACTIVE_TODAY)


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who may be asked, at a moment."""

    person: Person
    supporter: Supporter
    days: int
    at: datetime

    @property
    def seconds_today(self) -> int:
        """What was tracked since midnight in the project's time zone, by one sum."""
        began = day_of(self.at)
        done = Event.objects.filter(
            type__in=activity_type_ids(), person=self.person, occurred_at__gte=began, occurred_at__lte=self.at
        )
        return done.aggregate(seconds=Sum("duration_seconds"))["seconds"] or 0


def after_report(asking: Asking) -> bool:
    """A report was made, and nothing was asked since."""
    return asking.supporter.after_report_armed_at is not None


def seven_day(asking: Asking) -> bool:
    """Seven days here, and never told so."""
    return asking.days >= SETTLED_DAYS and asking.supporter.seven_day_shown_at is None


def active_today(asking: Asking) -> bool:
    """A long day, the first in thirty days on which it is said."""
    shown = asking.supporter.active_today_shown_at
    rested = shown is None or shown <= asking.at - LONG_DAY_EVERY
    return rested and asking.seconds_today >= LONG_DAY


def long_session(_asking: Asking) -> bool:
    """The browser knows how long somebody has been at it; it asks when it is time."""
    return True


RULES: dict[Prompt, Callable[[Asking], bool]] = {
    Prompt.AFTER_REPORT: after_report,
    Prompt.SEVEN_DAY: seven_day,
    Prompt.ACTIVE_TODAY: active_today,
    Prompt.LONG_SESSION: long_session,
}


def next_prompt(seen: SupportVisibility, *, at: datetime, kind: Prompt | None = None) -> Prompt | None:
    """The prompt to show now, of one kind or of those of a page; None when there is none.

    After a report comes first, then what was shown least recently. `claim` decides who shows it.
    """
    if not seen.prompt or seen.person is None:
        return None
    supporter = Supporter.objects.of(seen.person).get()  # as it is now, not when the page began
    asking = Asking(seen.person, supporter, seen.statistics.days, at)
    if kind is not None:
        return kind if RULES[kind](asking) else None
    in_turn = sorted(OF_PAGES, key=lambda each: (each != Prompt.AFTER_REPORT, last_shown(supporter, each)))
    return next((each for each in in_turn if RULES[each](asking)), None)


def last_shown(supporter: Supporter, kind: Prompt) -> datetime:
    """When a prompt was shown last, to sort by: never is earliest."""
    return supporter.shown_at(kind) or LONG_AGO
