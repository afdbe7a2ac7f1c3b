"""What a person's rows leave behind in one pass: the periods they were seen in, or the last of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telemetry.analysis._sql import Sql, compose, join, on_postgresql
from telemetry.instants import to_micros

if TYPE_CHECKING:
    from telemetry.analysis.periods import Periods
    from telemetry.analysis.retention import RetentionSpec

BITS = 63
"""Periods to a mask: an integer of both databases without its sign."""


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The period of the last row; counts in every period up to it."""

    columns: Periods
    until: int

    def aggregates(self, instant: Sql) -> Sql:
        """`, …` over a person's rows."""
        return compose(", max({instant}) AS last_at", instant=instant)

    def read(self, row: Sql) -> Sql:
        """`, …` from the row of the aggregates."""
        last_at = compose("{row}.last_at", row=row)
        # Of nobody's rows NULL: a CASE by bounds would take it for the latest.
        return compose(
            ", CASE WHEN {last_at} IS NOT NULL THEN {period} END AS last",
            last_at=last_at,
            period=self.columns.index_of(last_at),
        )

    def has(self, period: int) -> Sql:
        """Whether a row of `seen` counts in the period of this index."""
        return compose("s.last >= {period}", period=period)


@dataclass(frozen=True, slots=True)
class Masks:
    """A bit for each period with a row in it, so many to a mask."""

    columns: Periods
    until: int

    def aggregates(self, instant: Sql) -> Sql:
        """`, …` over a person's rows; wrong where one lies before the first period."""
        period = self.columns.index_of(instant)
        # SQLite has no bit_or; the sum of different powers of two is one.
        bits = Sql("bit_or(CAST(1 AS bigint) << CAST" if on_postgresql() else "sum(DISTINCT 1 << CAST")
        return join(
            "",
            [
                compose(
                    ", {bits}({period} - {first} AS integer)){only} AS mask_{number}",
                    bits=bits,
                    period=period,
                    first=number * BITS,
                    only=self._only(instant, number),
                    number=number,
                )
                for number in range(self._count)
            ],
        )

    def read(self, row: Sql) -> Sql:
        """`, …` from the row of the aggregates."""
        return join("", [compose(", {row}.mask_{number}", row=row, number=n) for n in range(self._count)])

    def has(self, period: int) -> Sql:
        """Whether a row of `seen` counts in the period of this index."""
        number, bit = divmod(period, BITS)
        return compose("s.mask_{number} & {bit} <> 0", number=number, bit=1 << bit)

    @property
    def _count(self) -> int:
        return -(-len(self.columns.days) // BITS)

    def _only(self, instant: Sql, number: int) -> Sql:
        """Restricts the rows to those of one mask, where there are several."""
        if self._count == 1:
            return Sql("")
        bounds = self.columns.bounds
        return compose(
            " FILTER (WHERE {instant} >= {first} AND {instant} < {end})",
            instant=instant,
            first=bounds[number * BITS],
            end=bounds[min((number + 1) * BITS, len(bounds) - 1)],
        )


def marks_of(spec: RetentionSpec) -> Masks | LastSeen:
    """The marks that answer the question, and the instant before which rows leave them."""
    columns, seen = spec.columns(), to_micros(spec.as_of) + 1
    if spec.mode == "on":
        return Masks(columns, min(columns.bounds[-1], seen))
    return LastSeen(columns, seen)
