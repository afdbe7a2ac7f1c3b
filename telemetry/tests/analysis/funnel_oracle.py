"""The ordered funnel by exhaustive search in plain Python: every entry, every following row, one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Row = tuple[int, int, str, Any]
"""Time, id, name of the event, colour."""


@dataclass(frozen=True)
class Question:
    """What the oracle is asked, in seconds."""

    steps: Sequence[Callable[[Row], bool]]
    window: int
    start: int
    end: int
    as_of: int


@dataclass(frozen=True)
class Winner:
    """The best attempt of one person."""

    rows: Sequence[Row]
    is_open: bool

    @property
    def depth(self) -> int:
        return len(self.rows)

    @property
    def colour(self) -> Any:
        return self.rows[0][3]


def winner(stream: Sequence[Row], question: Question) -> Winner | None:
    """The best attempt in a person's stream; None without an entry."""
    seen = sorted(row for row in stream if row[0] <= question.as_of)
    entries = [row for row in seen if question.steps[0](row) and question.start <= row[0] < question.end]
    attempts = [attempt(entry, seen, question) for entry in entries]
    if not attempts:
        return None
    best = min(attempts, key=lambda rows: (-len(rows), rows[-1][0], -rows[0][0], -rows[0][1]))
    has_time = any(entry[0] + question.window >= question.as_of for entry in entries)
    return Winner(best, has_time and len(best) < len(question.steps))


def attempt(entry: Row, seen: Sequence[Row], question: Question) -> list[Row]:
    """The entry and the earliest row of each further step within its window."""
    rows = [entry]
    for is_step in question.steps[1:]:
        following = [
            row
            for row in seen
            if is_step(row) and row[:2] > rows[-1][:2] and row[0] <= entry[0] + question.window
        ]
        if not following:
            break
        rows.append(following[0])
    return rows


def middle(winners: Sequence[Winner], step: int, since: int) -> float | None:
    """The median seconds from one reached step to another (from 1); None when nobody came there."""
    times = [w.rows[step - 1][0] - w.rows[since - 1][0] for w in winners if w.depth >= step]
    return median(times) if times else None
