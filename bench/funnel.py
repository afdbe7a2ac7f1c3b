"""The ordered funnel: four steps, seven days, 180 days of entries, any attempt."""

from bisect import bisect_right
from collections import defaultdict
from datetime import timedelta
from statistics import median

import numpy as np
from django.db import connection

from bench.clickhouse import ClickHouse
from bench.generate import AMOUNT, END, NAMES, OPENED, PAID, SECOND, SEEN, START, Log
from bench.load import types
from bench.measure import Result, median_seconds
from telemetry.analysis.funnel import FunnelReport, FunnelSpec, Step, funnel

JOB = "funnel, 4 steps"
STEPS = (SEEN, OPENED, AMOUNT, PAID)
WINDOW = timedelta(days=7)
WINDOW_MICROS = 7 * 86_400 * SECOND


def measure(log: Log, engine: ClickHouse) -> list[Result]:
    """Ours, ClickHouse's windowFunnel and the usual joins; asserts that ours is exact."""
    theirs_seconds, theirs = median_seconds(lambda: window_funnel(engine, "by_person"))
    best_seconds, best = median_seconds(lambda: window_funnel(engine, "log"))
    assert best == theirs
    ours_seconds, ours = median_seconds(lambda: funnel(question()))
    joins_seconds, joins = median_seconds(usual_joins, times=1)
    exact, medians = exhaustive(log)
    reached = [step.reached for step in ours.steps]
    assert reached == exact, f"ours {reached}, exhaustive search {exact}"
    assert _medians(ours) == medians
    return [
        Result(JOB, "chdb windowFunnel, rows by person", theirs_seconds, f"reached {theirs}"),
        Result(JOB, "chdb windowFunnel, rows by kind", best_seconds, "laid out for this question"),
        Result(JOB, "ours", ours_seconds, f"reached {reached}, as exhaustive search"),
        Result(JOB, "the usual joins in SQL", joins_seconds, f"reached {joins}"),
    ]


def question() -> FunnelSpec:
    """From banner to payment, seen from long after."""
    keys = types()
    steps = tuple(Step(NAMES[kind], (keys[kind],)) for kind in STEPS)
    return FunnelSpec(steps, WINDOW, START, END, END + 2 * WINDOW)


def window_funnel(engine: ClickHouse, table: str) -> list[int]:
    """How many reached each step."""
    conditions = ", ".join(f"kind = {kind}" for kind in STEPS)
    rows = engine.rows(
        "SELECT level, count() FROM ("
        f"SELECT person, windowFunnel({WINDOW_MICROS})(toUInt64(at), {conditions}) AS level"
        f" FROM {table} WHERE kind IN {STEPS} GROUP BY person) WHERE level > 0 GROUP BY level"
    )
    return [sum(people for level, people in rows if level >= step) for step in range(1, len(STEPS) + 1)]


def usual_joins() -> list[int]:
    """A join a step, each within the window of the step before: what is usually written, and is not exact."""
    keys = types()
    named = [f"s1 AS (SELECT person_id, occurred_at FROM telemetry_event WHERE type_id = {keys[STEPS[0]]})"]
    for step, kind in enumerate(STEPS[1:], start=2):
        named.append(
            f"s{step} AS (SELECT DISTINCT e.person_id, e.occurred_at FROM s{step - 1} s"
            f" JOIN telemetry_event e ON e.person_id = s.person_id AND e.type_id = {keys[kind]}"
            f" AND e.occurred_at > s.occurred_at AND e.occurred_at <= s.occurred_at + {WINDOW_MICROS})"
        )
    counts = ", ".join(
        f"(SELECT count(DISTINCT person_id) FROM s{step})" for step in range(1, len(STEPS) + 1)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(named)} SELECT {counts}")
        return list(cursor.fetchone())


def exhaustive(log: Log) -> tuple[list[int], list[float]]:
    """Every entry of every person tried in turn, in memory: who reached what, and medians from the entry."""
    chosen = np.isin(log.kind, STEPS)
    streams: dict[int, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    found = zip(np.flatnonzero(chosen), log.person[chosen], log.kind[chosen], log.at[chosen], strict=True)
    for order, person, kind, at in found:
        streams[int(person)][int(kind)].append((int(at), int(order)))
    winners = [
        min(
            (_attempt(entry, stream) for entry in stream[SEEN]),
            key=lambda a: (-len(a), a[-1][0], -a[0][0], -a[0][1]),
        )
        for stream in streams.values()
        if stream[SEEN]
    ]
    reached = [sum(len(winner) >= step for winner in winners) for step in range(1, len(STEPS) + 1)]
    times = [
        [winner[step][0] - winner[0][0] for winner in winners if len(winner) > step]
        for step in range(1, len(STEPS))
    ]
    return reached, [median(of_step) / SECOND for of_step in times]


def _attempt(entry: tuple[int, int], stream: dict[int, list[tuple[int, int]]]) -> list[tuple[int, int]]:
    rows = [entry]
    for kind in STEPS[1:]:
        following = stream[kind]
        place = bisect_right(following, rows[-1])
        if place == len(following) or following[place][0] > entry[0] + WINDOW_MICROS:
            break
        rows.append(following[place])
    return rows


def _medians(report: FunnelReport) -> list[float | None]:
    return [step.median_seconds_from_entry for step in report.steps[1:]]
