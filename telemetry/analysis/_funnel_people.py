"""Everybody who entered the ordered funnel, with their winning attempt, as named queries: look back first.

Each row of step 2 looks back for the latest entry in range and window before it; that entry does at least as
well as all earlier ones. From there each further step is the earliest row after the one before. People who
only entered come from one GROUP BY. The winner of a person's attempts: deepest, then earliest time of the
last reached step, then latest entry (time, id); analytics.md 1.1. Instants are integer microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.analysis import _funnel_lateral as lateral, _funnel_scalar as scalar
from telemetry.analysis._funnel_rows import entry_end, matches
from telemetry.analysis._log import EVENTS, is_among, not_by_time
from telemetry.analysis._sql import NO_NUMBER, Sql, compose, on_postgresql
from telemetry.instants import MICROSECOND, to_micros

if TYPE_CHECKING:
    from telemetry.analysis.funnel import FunnelSpec

ONLY_ENTERED = """MATERIALIZED (
    SELECT e.person, 1 AS depth, 0 AS is_open, CAST(NULL AS bigint) AS id_1, e.first_at AS at_1 FROM entered e
)"""


def people(spec: FunnelSpec) -> list[tuple[str, Sql]]:
    """The named queries up to `people`: person, depth, is_open, and the winner's entry and times."""
    if len(spec.steps) == 1:
        return [("entered", _entered(spec)), ("people", Sql(ONLY_ENTERED))]
    best_attempts = lateral.best_attempts if on_postgresql() else scalar.best_attempts
    return [("entered", _entered(spec)), *best_attempts(spec), ("people", _everybody(spec))]


def _entered(spec: FunnelSpec) -> Sql:
    """Everybody with an entry in range, and when the first and the last one were."""
    return compose(
        """(
    SELECT e.person_id AS person, min(e.occurred_at) AS first_at, max(e.occurred_at) AS last_at
    FROM {events} e
    WHERE {is_entry} AND {at} >= {start} AND {at} < {end}{among}
    GROUP BY e.person_id
)""",
        events=EVENTS,
        is_entry=matches(spec, 1, "e"),
        at=not_by_time("e"),
        start=to_micros(spec.start),
        end=entry_end(spec),
        among=is_among(Sql("e"), spec.among),
    )


def _everybody(spec: FunnelSpec) -> Sql:
    """Entries and winners folded by person; a join would be a nested loop on SQLite."""
    times = [f"at_{step}" for step in range(2, len(spec.steps) + 1)]
    return compose(
        """MATERIALIZED (
    SELECT u.person, max(u.depth) AS depth,
        CASE WHEN max(u.depth) < {steps} AND max(u.last_at) >= {as_of} - {window}
            THEN 1 ELSE 0 END AS is_open,
        max(u.id_1) AS id_1, COALESCE(max(u.at_1), min(u.first_at)) AS at_1, {folded}
    FROM (
        SELECT e.person, 1 AS depth, e.first_at, e.last_at, {none} AS id_1, {none} AS at_1, {nones}
        FROM entered e
        UNION ALL
        SELECT b.person, b.depth, {none}, {none}, b.id_1, b.at_1, {times}
        FROM best b WHERE b.place = 1
    ) u GROUP BY u.person
)""",
        steps=len(spec.steps),
        as_of=to_micros(spec.as_of),
        window=spec.window // MICROSECOND,
        none=NO_NUMBER,
        nones=Sql(", ".join(f"{NO_NUMBER.text} AS {time}" for time in times)),
        times=Sql(", ".join(f"b.{time}" for time in times)),
        folded=Sql(", ".join(f"max(u.{time}) AS {time}" for time in times)),
    )
