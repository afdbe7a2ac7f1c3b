"""The best attempt of each person on SQLite, which has no LATERAL: subqueries for each time, then each id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.analysis._funnel_rows import depth, entry_before, goes_on, last_reached, last_seen, matches
from telemetry.analysis._log import EVENTS, is_among
from telemetry.analysis._sql import Sql, compose
from telemetry.instants import to_micros

if TYPE_CHECKING:
    from telemetry.analysis.funnel import FunnelSpec

# LIMIT -1 ends a subquery whose columns must be computed once, and not again for each mention above.


def best_attempts(spec: FunnelSpec) -> list[tuple[str, Sql]]:
    """The named queries up to `best`: the best attempts of each person, the winner in place 1."""
    steps = len(spec.steps)
    named = [("step_2", _looked_back(spec))]
    for step in range(3, steps + 1):
        named.append((f"step_{step}", _time_of(spec, step)))
        if step < steps:
            named.append((f"row_{step}", _row_of(spec, step)))
    return [*named, ("ranked", _ranked(steps)), ("named", _named(spec)), ("best", Sql(BEST))]


def _looked_back(spec: FunnelSpec) -> Sql:
    """Each row of step 2 with the time of the latest entry before it; rows are found by type, not by time."""
    return compose(
        """(
    SELECT s.person_id AS person, s.id AS id_2, s.occurred_at AS at_2, (
        SELECT e.occurred_at FROM {events} e WHERE {entry_before} ORDER BY e.occurred_at DESC LIMIT 1
    ) AS at_1
    FROM {events} s
    WHERE {is_second} AND +s.occurred_at >= {start} AND +s.occurred_at <= {last}{among}
    LIMIT -1
)""",
        events=EVENTS,
        entry_before=entry_before(spec),
        is_second=matches(spec, 2, "s"),
        start=to_micros(spec.start),
        last=last_seen(spec),
        among=is_among(Sql("s"), spec.among),
    )


def _time_of(spec: FunnelSpec, step: int) -> Sql:
    """The attempts with the time of their earliest row of this step after the one before."""
    before = step - 1
    return compose(
        """(
    SELECT a.*, (
        SELECT n.occurred_at FROM {events} n WHERE {goes_on} ORDER BY n.occurred_at LIMIT 1
    ) AS at_{step}
    FROM {attempts} a WHERE a.at_1 IS NOT NULL
    LIMIT -1
)""",
        events=EVENTS,
        goes_on=goes_on(
            spec, step, person="a.person", entered="a.at_1", at=f"a.at_{before}", id=f"a.id_{before}"
        ),
        step=step,
        attempts=Sql("step_2" if step == 3 else f"row_{before}"),
    )


def _row_of(spec: FunnelSpec, step: int) -> Sql:
    """The attempts with the id of that row, where a further step has to come after it."""
    return compose(
        """(
    SELECT a.*, (
        SELECT min(n.id) FROM {events} n
        WHERE {is_next} AND n.person_id = a.person AND n.occurred_at = a.at_{step}
            AND (a.at_{step} > a.at_{before} OR n.id > a.id_{before})
    ) AS id_{step}
    FROM step_{step} a
    LIMIT -1
)""",
        events=EVENTS,
        is_next=matches(spec, step, "n"),
        step=step,
        before=step - 1,
    )


def _ranked(steps: int) -> Sql:
    """The attempts of each person in the order of the winner rule, entries at the same instant still tied."""
    return compose(
        """(
    SELECT m.*, rank() OVER (PARTITION BY m.person ORDER BY m.depth DESC, m.last_at, m.at_1 DESC) AS tied
    FROM (SELECT a.*, {depth} AS depth, {last} AS last_at FROM step_{steps} a WHERE a.at_1 IS NOT NULL) m
)""",
        depth=depth(steps, "a"),
        last=last_reached(steps, "a"),
        steps=steps,
    )


def _named(spec: FunnelSpec) -> Sql:
    """The best attempts with the id of their entry."""
    return compose(
        """(
    SELECT r.*, (
        SELECT max(e.id) FROM {events} e
        WHERE {is_entry} AND e.person_id = r.person AND e.occurred_at = r.at_1
            AND (r.at_1 < r.at_2 OR e.id < r.id_2)
    ) AS id_1
    FROM ranked r WHERE r.tied = 1
    LIMIT -1
)""",
        events=EVENTS,
        is_entry=matches(spec, 1, "e"),
    )


BEST = """(
    SELECT t.*, row_number() OVER (PARTITION BY t.person ORDER BY t.id_1 DESC, t.at_2, t.id_2) AS place
    FROM named t
)"""
