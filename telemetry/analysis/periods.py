"""Calendar periods of a time zone: days, weeks from Monday, months; exact where clocks change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from telemetry.analysis._sql import Sql, compose, join
from telemetry.analysis.refusal import QuestionRefused
from telemetry.instants import MICROSECOND, from_micros, to_micros

MOST = 400
"""How many periods one question may span."""


class Period(StrEnum):
    """The length of a period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def first_day(self, day: date) -> date:
        """The first day of the period that holds this day."""
        match self:
            case Period.DAY:
                return day
            case Period.WEEK:
                return day - timedelta(days=day.weekday())
            case Period.MONTH:
                return day.replace(day=1)

    def next_after(self, first_day: date) -> date:
        """The first day of the next period."""
        match self:
            case Period.DAY:
                return first_day + timedelta(days=1)
            case Period.WEEK:
                return first_day + timedelta(days=7)
            case Period.MONTH:
                return (first_day + timedelta(days=31)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Periods:
    """Consecutive periods: their first days, and where each begins and the last ends (microseconds)."""

    days: tuple[date, ...]
    bounds: tuple[int, ...]

    @property
    def start(self) -> datetime:
        """When the first one begins, UTC."""
        return from_micros(self.bounds[0])

    @property
    def end(self) -> datetime:
        """When the last one ends, UTC."""
        return from_micros(self.bounds[-1])

    def ends_of(self, index: int) -> datetime:
        """When the period of this index ends."""
        return from_micros(self.bounds[index + 1])

    def index_of(self, instant: Sql) -> Sql:
        """The index of the period of an instant not before the first; their count or more after the last.

        An integer division where all are equally long, else a CASE that halves what is left at each turn.
        """
        lengths = {later - earlier for earlier, later in pairwise(self.bounds)}
        if len(lengths) == 1 and 0 not in lengths:
            return compose(
                "(({instant} - {first}) / {length})",
                instant=instant,
                first=self.bounds[0],
                length=lengths.pop(),
            )
        return self._halved(instant, 0, len(self.days))

    def end_of(self, index: Sql) -> Sql:
        """When the period of this index ends, microseconds: the way back of `index_of`."""
        ends = [
            compose(" WHEN {number} THEN {end}", number=number, end=end)
            for number, end in enumerate(self.bounds[1:])
        ]
        return compose("CASE {index}{ends} END", index=index, ends=join("", ends))

    def _halved(self, instant: Sql, low: int, high: int) -> Sql:
        if low == high:
            return Sql(str(low))
        middle = (low + high) // 2
        return compose(
            "CASE WHEN {instant} < {bound} THEN {before} ELSE {after} END",
            instant=instant,
            bound=self.bounds[middle + 1],
            before=self._halved(instant, low, middle),
            after=self._halved(instant, middle + 1, high),
        )


def zone_named(name: str) -> ZoneInfo:
    """The time zone; raises `QuestionRefused` for a name that nobody gave one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise QuestionRefused(_("There is no time zone of this name.")) from error


def periods_over(
    period: Period, start: datetime, end: datetime, zone: ZoneInfo, *, further: int = 0
) -> Periods:
    """The periods that hold any of `[start, end)`, and so many after them.

    Raises `QuestionRefused` for a range without any, or with more than anybody reads.
    """
    if start >= end:
        raise QuestionRefused(_("A range ends after it starts."))
    try:
        return _laid_out(
            period, start.astimezone(zone).date(), (end - MICROSECOND).astimezone(zone), zone, further
        )
    except OverflowError as error:
        raise QuestionRefused(_("The range lies beyond the calendar.")) from error


def _laid_out(period: Period, first: date, last_moment: datetime, zone: ZoneInfo, further: int) -> Periods:
    day, last = period.first_day(first), last_moment.date()
    days = []
    while day <= last or further > 0:
        further -= day > last
        days.append(day)
        day = period.next_after(day)
        if len(days) > MOST:
            raise QuestionRefused(_("A question spans at most %(most)s periods.") % {"most": MOST})
    return Periods(tuple(days), tuple(_midnight(day, zone) for day in (*days, day)))


def _midnight(day: date, zone: ZoneInfo) -> int:
    """When the day begins there, also where clocks skip or repeat midnight; microseconds."""
    return to_micros(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC))
