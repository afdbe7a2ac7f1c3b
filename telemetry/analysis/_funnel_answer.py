"""What the funnel's statement answers, made readable."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telemetry.instants import MICROS_PER_SECOND

COUNT, MEDIAN, VALUE = 1, 2, 3
"""The kinds of rows: (kind, bucket, …).

COUNT: depth, is open, people. MEDIAN: step, the two middle times from the entry, the two from the step before
(microseconds). VALUE: the text of the bucket."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Figures by bucket; bucket 0 holds everybody."""

    people: dict[tuple[int, int, bool], int]
    from_entry: dict[tuple[int, int], float]
    from_previous: dict[tuple[int, int], float]
    values: dict[int, str]

    @classmethod
    def of(cls, rows: Iterable[tuple[Any, ...]]) -> "Answer":
        """Sort the rows by their kind."""
        answer = cls({}, {}, {}, {})
        for kind, bucket, first, second, third, fourth, fifth, text in rows:
            if kind == COUNT:
                answer.people[bucket, first, bool(second)] = third
            elif kind == MEDIAN:
                answer.from_entry[bucket, first] = _between(second, third)
                answer.from_previous[bucket, first] = _between(fourth, fifth)
            else:
                answer.values[bucket] = text
        return answer

    @property
    def buckets(self) -> list[int]:
        """The groups, largest first, the rest last."""
        return sorted({bucket for bucket, _, _ in self.people} - {0})

    def reached(self, bucket: int, step: int) -> int:
        """How many came to this step or further."""
        return sum(n for (of, depth, _), n in self.people.items() if of == bucket and depth >= step)

    def stopped(self, bucket: int, step: int, *, is_open: bool) -> int:
        """How many came to this step and no further, with time left (`is_open`) or without."""
        return self.people.get((bucket, step, is_open), 0)


def _between(low: int, high: int) -> float:
    """Seconds: the median as percentile_cont has it, from the two middle values in microseconds."""
    return (low + high) / 2 / MICROS_PER_SECOND
