"""Which rows of the log make an attempt: conditions that both forms of the statement share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.analysis._log import has_values, is_of
from telemetry.analysis._sql import Sql, compose
from telemetry.instants import MICROSECOND, to_micros

if TYPE_CHECKING:
    from telemetry.analysis.funnel import FunnelSpec


def matches(spec: FunnelSpec, step: int, event: str) -> Sql:
    """Whether the aliased event is a row of the step (from 1)."""
    wanted = spec.steps[step - 1]
    row = Sql(event)
    return compose("{type}{values}", type=is_of(row, wanted.types), values=has_values(row, wanted.where))


def entry_end(spec: FunnelSpec) -> int:
    """The first instant at which nobody enters any more."""
    return min(to_micros(spec.end), to_micros(spec.as_of) + 1)


def last_seen(spec: FunnelSpec) -> int:
    """The last instant at which anybody goes on."""
    return min(to_micros(spec.as_of), to_micros(spec.end) + spec.window // MICROSECOND)


def entry_before(spec: FunnelSpec) -> Sql:
    """Whether `e` is an entry from which `s`, a row of step 2, is within the window."""
    return compose(
        """{is_entry} AND e.person_id = s.person_id
            AND e.occurred_at >= CASE WHEN s.occurred_at - {window} > {start}
                THEN s.occurred_at - {window} ELSE {start} END
            AND e.occurred_at <= CASE WHEN s.occurred_at < {end} THEN s.occurred_at ELSE {end} - 1 END
            AND (e.occurred_at, e.id) < (s.occurred_at, s.id)""",
        is_entry=matches(spec, 1, "e"),
        window=spec.window // MICROSECOND,
        start=to_micros(spec.start),
        end=entry_end(spec),
    )


def goes_on(spec: FunnelSpec, step: int, *, person: str, entered: str, at: str, id: str) -> Sql:
    """Whether `n` is a row of the step after the row (at, id), in the window of who entered at `entered`."""
    return compose(
        """{is_next} AND n.person_id = {person}
            AND (n.occurred_at, n.id) > ({at}, {id})
            AND n.occurred_at <= CASE WHEN {entered} + {window} < {as_of}
                THEN {entered} + {window} ELSE {as_of} END""",
        is_next=matches(spec, step, "n"),
        person=Sql(person),
        entered=Sql(entered),
        at=Sql(at),
        id=Sql(id),
        window=spec.window // MICROSECOND,
        as_of=to_micros(spec.as_of),
    )


def depth(steps: int, of: str) -> Sql:
    """How deep the aliased attempt went."""
    deeper = " ".join(f"WHEN {of}.at_{step} IS NOT NULL THEN {step}" for step in range(steps, 2, -1))
    return Sql(f"CASE {deeper} ELSE 2 END" if deeper else "2")


def last_reached(steps: int, of: str) -> Sql:
    """When the aliased attempt reached its last step."""
    times = ", ".join(f"{of}.at_{step}" for step in range(steps, 1, -1))
    return Sql(f"COALESCE({times})" if steps > 2 else times)
