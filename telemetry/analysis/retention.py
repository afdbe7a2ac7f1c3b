"""Retention: who comes back, by the calendar period in which they began."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from telemetry.analysis import _retention_statement as statement
from telemetry.analysis.periods import MOST, Period, Periods, periods_over, zone_named
from telemetry.analysis.refusal import QuestionRefused

__all__ = [
    "Anchor",
    "CohortRow",
    "Mode",
    "Period",
    "RetentionReport",
    "RetentionSpec",
    "people_of_retention",
    "retention",
]


class Mode(StrEnum):
    """When a member counts in the k-th period after their own."""

    ON = "on"
    """Active in that period."""
    ON_OR_AFTER = "on_or_after"
    """Active in that period or any later one, so far."""


class Anchor(StrEnum):
    """What makes somebody a member of a period's cohort."""

    FIRST_EVER = "first_ever"
    """Their first event lies in it; also looks before the range."""
    FIRST_IN_RANGE = "first_in_range"
    """Their first event of the range lies in it."""
    RECURRING = "recurring"
    """Any event lies in it: one may belong to several cohorts."""


@dataclass(frozen=True, slots=True)
class RetentionSpec:
    """The whole question. `[start, end)` widens to whole periods of the zone; nothing after `as_of` is seen.

    `periods` is how many columns there are, the cohort's own period being the first. A return is an event of
    `return_types` at or after the anchor, the anchor included if it matches. Raises `QuestionRefused`.
    """

    cohort_types: tuple[int, ...]
    return_types: tuple[int, ...]
    period: Period
    periods: int
    mode: Mode
    anchor: Anchor
    start: datetime
    end: datetime
    as_of: datetime
    time_zone: str
    among: QuerySet[Any] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.periods <= MOST:
            raise QuestionRefused(_("A triangle has 1 to %(most)s columns.") % {"most": MOST})
        self.columns()

    def cohorts(self) -> Periods:
        """The periods that people begin in."""
        return periods_over(self.period, self.start, self.end, zone_named(self.time_zone))

    def columns(self) -> Periods:
        """The same, and those in which the last of them may come back."""
        return periods_over(
            self.period, self.start, self.end, zone_named(self.time_zone), further=self.periods - 1
        )


@dataclass(frozen=True, slots=True)
class CohortRow:
    """The people who began in the period from `cohort` on; `retained[k]` is None until that one has ended."""

    cohort: date
    size: int
    retained: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """The triangle, a row for every period, and the means of its columns over complete cells of somebody."""

    spec: RetentionSpec
    rows: tuple[CohortRow, ...]
    weighted_mean: tuple[float | None, ...]
    simple_mean: tuple[float | None, ...]
    start: datetime
    end: datetime


def retention(spec: RetentionSpec) -> RetentionReport:
    """Answer the question in one statement."""
    cohorts, columns = spec.cohorts(), spec.columns()
    sizes, returned = _counted(spec)
    rows = tuple(
        CohortRow(
            cohort=day,
            size=sizes.get(index, 0),
            retained=tuple(
                returned.get((index, k), 0) if columns.ends_of(index + k) <= spec.as_of else None
                for k in range(spec.periods)
            ),
        )
        for index, day in enumerate(cohorts.days)
    )
    cells = [_complete(rows, k) for k in range(spec.periods)]
    return RetentionReport(
        spec=spec,
        rows=rows,
        weighted_mean=tuple(_weighted(column) for column in cells),
        simple_mean=tuple(_simple(column) for column in cells),
        start=cohorts.start,
        end=cohorts.end,
    )


def people_of_retention(spec: RetentionSpec, cohort: date, k: int | None) -> RawSQL:
    """The ids of the people of one cell, of the whole cohort for None, for `Person.objects.filter(pk__in=…)`.

    Raises `QuestionRefused` when no cohort begins on that day, or there is no such column.
    """
    days = spec.cohorts().days
    if cohort not in days or (k is not None and not 0 <= k < spec.periods):
        raise QuestionRefused(_("The triangle has no such cell."))
    return statement.people(spec, days.index(cohort), k).raw()


def _counted(spec: RetentionSpec) -> tuple[dict[int, int], dict[tuple[int, int], int]]:
    """Sizes by cohort, and how many returned by cohort and column."""
    sizes: dict[int, int] = {}
    returned: dict[tuple[int, int], int] = {}
    for cohort, k, people in statement.figures(spec):
        if k == statement.WHOLE:
            sizes[cohort] = people
        else:
            returned[cohort, k] = people
    return sizes, returned


def _complete(rows: tuple[CohortRow, ...], k: int) -> list[tuple[int, int]]:
    """What returned and the size, of the cohorts of somebody whose k-th period has ended."""
    return [(cell, row.size) for row in rows if row.size and (cell := row.retained[k]) is not None]


def _weighted(cells: list[tuple[int, int]]) -> float | None:
    return sum(cell for cell, _ in cells) / sum(size for _, size in cells) if cells else None


def _simple(cells: list[tuple[int, int]]) -> float | None:
    # Exact until the end: a sum of floats would miss a half by a hair, and round it down.
    return float(sum(Fraction(cell, size) for cell, size in cells) / len(cells)) if cells else None
