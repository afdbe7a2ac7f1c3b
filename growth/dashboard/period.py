"""Which days are looked at: presets, whole days of the project's calendar, and the days before them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from telemetry.instants import MICROSECOND

DAY = timedelta(days=1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day of the zone begins, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def months_before(day: date, months: int) -> date:
    """The first day of the month that lies so many months before the day's own."""
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def a_year_before(day: date) -> date:
    """The same day of the year before; 28 February for 29 February."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


class Preset(models.TextChoices):
    """Ranges that a click chooses."""

    TODAY = "today", _("Today")
    WEEK = "7d", _("7 days")
    FOUR_WEEKS = "28d", _("28 days")
    QUARTER = "90d", _("90 days")
    THIS_MONTH = "month", _("This month")
    LAST_MONTH = "last-month", _("Last month")
    YEAR = "12m", _("12 months")
    ALL = "all", _("All time")
    CUSTOM = "custom", _("Custom")

    @property
    def days(self) -> int | None:
        """How many days a rolling preset spans; None for the others."""
        return {"today": 1, "7d": 7, "28d": 28, "90d": 90}.get(self.value)


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment a reading is taken at, in the project's time zone."""

    as_of: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day that runs, or has just ended, at the moment."""
        return (self.as_of - MICROSECOND).astimezone(self.zone).date()

    @property
    def last_complete_day(self) -> date:
        """The last day that has wholly passed."""
        return self.as_of.astimezone(self.zone).date() - DAY


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included, of a zone; the last one may still run."""

    first: date
    last: date
    clock: Clock

    @property
    def start(self) -> datetime:
        """Where it begins."""
        return midnight(self.first, self.clock.zone)

    @property
    def end(self) -> datetime:
        """Where it ends, exclusive; never after the moment of the reading."""
        return max(self.start, min(midnight(self.last + DAY, self.clock.zone), self.clock.as_of))

    @property
    def days(self) -> int:
        """How many days it touches; 0 when no day of it has come."""
        return max(0, (self.last - self.first).days + 1)

    @property
    def is_running(self) -> bool:
        """Whether its last day has not ended yet."""
        return self.last > self.clock.last_complete_day

    @property
    def previous(self) -> Period:
        """As many days right before; as far into the last of them as this one is into its own."""
        shift = timedelta(days=self.days)
        as_of = self.clock.as_of
        if self.is_running:
            local = as_of.astimezone(self.clock.zone)
            as_of = datetime.combine(local.date() - shift, local.time(), self.clock.zone).astimezone(UTC)
        return Period(self.first - shift, self.last - shift, Clock(as_of, self.clock.zone))

    def buckets(self) -> tuple[date, ...]:
        """First days of the stretches of a line: days, weeks or months, about a hundred at most."""
        if self.days <= 92:
            return tuple(self.first + DAY * i for i in range(self.days))
        if self.days <= 731:
            # Weeks that end with the last day; a few days at the beginning belong to the first of them.
            return (self.first, *(self.last - DAY * (7 * i - 1) for i in range((self.days - 4) // 7, 0, -1)))
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        step = months // 72 + 1
        later = (months_before(self.last, months - i) for i in range(step, months + 1, step))
        return (self.first, *later)


def preset_period(preset: Preset, clock: Clock, *, complete: bool, beginning: date) -> Period:
    """The days a preset means at the moment; `beginning` is the first day anything is known of.

    With `complete` the running day is left out, except from "today", which is nothing else.
    """
    until = clock.last_complete_day if complete and preset != Preset.TODAY else clock.today
    if preset.days:
        return Period(until - DAY * (preset.days - 1), until, clock)
    if preset == Preset.THIS_MONTH:
        return Period(clock.today.replace(day=1), until, clock)
    if preset == Preset.LAST_MONTH:
        return Period(months_before(clock.today, 1), clock.today.replace(day=1) - DAY, clock)
    if preset == Preset.YEAR:
        return Period(a_year_before(until) + DAY, until, clock)
    return Period(min(beginning, until), until, clock)
