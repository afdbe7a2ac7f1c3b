"""The weekly retention triangle of everybody's activity, first ever."""

from collections import Counter

import numpy as np

from bench.clickhouse import ClickHouse
from bench.generate import ACTIVITY, DAY, END, START, START_MICROS, Log
from bench.load import types
from bench.measure import Result, median_seconds
from telemetry.analysis.retention import Anchor, Mode, Period, RetentionReport, RetentionSpec, retention

JOB = "retention, weekly"
WEEK = 7 * DAY
Cells = dict[tuple[int, int], int]


def measure(log: Log, engine: ClickHouse) -> list[Result]:
    """Ours and ClickHouse; asserts that both are what is counted in memory."""
    theirs_seconds, theirs = median_seconds(lambda: triangle(engine))
    ours_seconds, ours = median_seconds(lambda: retention(question()))
    exact = counted(log)
    assert theirs == exact
    assert _cells(ours) == exact
    return [
        Result(JOB, "chdb", theirs_seconds, f"{len(exact)} cells"),
        Result(JOB, "ours", ours_seconds, f"{len(exact)} cells, the same"),
    ]


def question() -> RetentionSpec:
    """26 weeks, seen from long after."""
    activity = (types()[ACTIVITY],)
    return RetentionSpec(
        activity,
        activity,
        Period.WEEK,
        26,
        Mode.ON,
        Anchor.FIRST_EVER,
        START,
        END,
        END + 2 * (END - START),
        "UTC",
    )


def triangle(engine: ClickHouse) -> Cells:
    """People by week of the first activity and weeks since."""
    rows = engine.rows(
        "SELECT cohort, week - cohort AS k, count() FROM ("
        f"SELECT person, groupUniqArray(toUInt8(intDiv(at - {START_MICROS}, {WEEK}))) AS weeks,"
        f" arrayMin(weeks) AS cohort FROM log WHERE kind = {ACTIVITY} GROUP BY person"
        ") ARRAY JOIN weeks AS week GROUP BY cohort, k"
    )
    return {(cohort, k): people for cohort, k, people in rows}


def counted(log: Log) -> Cells:
    """The same in memory."""
    active = log.kind == ACTIVITY
    seen = np.unique(np.stack([log.person[active], (log.at[active] - START_MICROS) // WEEK], axis=1), axis=0)
    first = dict(seen[::-1].tolist())
    return dict(Counter((first[person], week - first[person]) for person, week in seen.tolist()))


def _cells(report: RetentionReport) -> Cells:
    return {
        (index, k): people
        for index, row in enumerate(report.rows)
        for k, people in enumerate(row.retained)
        if people
    }
