"""The statements of a refresh; the same text on SQLite and PostgreSQL.

Type keys are inlined as literals, so that the planner knows them; instants are named parameters in
microseconds. `SCOPE` is a temporary table of the people to recompute; without it, it is everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SCOPE = "segment_scope"
MAKE_SCOPE = f"CREATE TEMPORARY TABLE {SCOPE} (person_id bigint PRIMARY KEY)"
DROP_SCOPE = f"DROP TABLE {SCOPE}"

COUNTS = (
    "entries_last_24h",
    "entries_last_7_days",
    "entries_last_30_days",
    "entries_all_time",
    "active_projects_count",
    "total_projects_count",
    "timer_entries_count",
    "manual_entries_count",
    "seconds_tracked",
    "tasks_assigned",
    "tasks_completed",
)
COLUMNS = (*COUNTS, "last_login_event_at")


@dataclass(frozen=True, slots=True)
class Counted:
    """The event types that segments count, by their keys."""

    activity: tuple[int, ...]
    assigned: tuple[int, ...]
    completed: tuple[int, ...]
    login: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        """Every type of interest."""
        return self.activity + self.assigned + self.completed + self.login


def one_of(column: str, types: Iterable[int]) -> str:
    """The condition that the column is one of the keys; of none, never."""
    listed = ", ".join(str(each) for each in sorted(set(types)))
    return f"{column} IN ({listed})" if listed else "1 = 0"


def write(rows: str) -> str:
    """Write the rows of a SELECT that are new or differ; its row count is how many those are."""
    changed = ", ".join(f"{column} = excluded.{column}" for column in (*COLUMNS, "computed_at"))
    old = ", ".join(f"telemetry_segment.{column}" for column in COLUMNS)
    new = ", ".join(f"excluded.{column}" for column in COLUMNS)
    return f"""
        INSERT INTO telemetry_segment (person_id, {", ".join(COLUMNS)}, computed_at)
        {rows}
        ON CONFLICT (person_id) DO UPDATE SET {changed}
        WHERE ({old}) IS DISTINCT FROM ({new})
    """


def recompute(counted: Counted, *, scoped: bool) -> str:
    """Write the rows of everybody, or of the scope, from the whole log.

    Parameters: as_of; day, week, month (where the windows begin, exclusive); seen (the last id counted).
    """
    counts = ", ".join(f"coalesce(seen.{column}, 0)" for column in COUNTS)
    within = f"AND p.id IN (SELECT person_id FROM {SCOPE})" if scoped else ""
    return write(
        f"""
        SELECT p.id, {counts}, seen.last_login_event_at, %(as_of)s
        FROM telemetry_person p LEFT JOIN ({_seen(counted, scoped)}) seen ON seen.person_id = p.id
        WHERE p.signed_up_at <= %(as_of)s {within}
        """
    )


def _seen(counted: Counted, scoped: bool) -> str:
    """What the log says of each person up to the moment."""
    active = one_of("type_id", counted.activity)
    within = f"AND person_id IN (SELECT person_id FROM {SCOPE})" if scoped else ""
    return f"""
        SELECT person_id,
            sum(CASE WHEN {active} AND occurred_at > %(day)s THEN 1 ELSE 0 END) AS entries_last_24h,
            sum(CASE WHEN {active} AND occurred_at > %(week)s THEN 1 ELSE 0 END) AS entries_last_7_days,
            sum(CASE WHEN {active} AND occurred_at > %(month)s THEN 1 ELSE 0 END) AS entries_last_30_days,
            sum(CASE WHEN {active} THEN 1 ELSE 0 END) AS entries_all_time,
            count(DISTINCT CASE WHEN {active} AND occurred_at > %(month)s THEN project_id END)
                AS active_projects_count,
            count(DISTINCT CASE WHEN {active} THEN project_id END) AS total_projects_count,
            sum(CASE WHEN {active} AND source = 'timer' THEN 1 ELSE 0 END) AS timer_entries_count,
            sum(CASE WHEN {active} AND source = 'manual' THEN 1 ELSE 0 END) AS manual_entries_count,
            sum(CASE WHEN {active} THEN coalesce(duration_seconds, 0) ELSE 0 END) AS seconds_tracked,
            sum(CASE WHEN {one_of("type_id", counted.assigned)} THEN 1 ELSE 0 END) AS tasks_assigned,
            sum(CASE WHEN {one_of("type_id", counted.completed)} THEN 1 ELSE 0 END) AS tasks_completed,
            max(CASE WHEN {one_of("type_id", counted.login)} THEN occurred_at END) AS last_login_event_at
        FROM telemetry_event
        WHERE {one_of("type_id", counted.all)}
            AND occurred_at <= %(as_of)s AND id <= %(seen)s {within}
        GROUP BY person_id
    """


def remove(*, scoped: bool) -> str:
    """Delete the rows of people who are not of the population at as_of; its row count is how many."""
    within = f"person_id IN (SELECT person_id FROM {SCOPE}) AND" if scoped else ""
    return f"""
        DELETE FROM telemetry_segment WHERE {within} NOT EXISTS (
            SELECT 1 FROM telemetry_person p
            WHERE p.id = telemetry_segment.person_id AND p.signed_up_at <= %(as_of)s
        )
    """


def uncertain() -> str:
    """Put into the scope whoever has no row to slide from, or one of which it is not known what it counted.

    Parameters: as_of; settled and was_seen, of the last refresh.
    """
    return f"""
        INSERT INTO {SCOPE} (person_id)
        SELECT person_id FROM telemetry_event WHERE id > %(settled)s AND id <= %(was_seen)s
        UNION SELECT p.id FROM telemetry_person p
            WHERE p.signed_up_at <= %(as_of)s
                AND NOT EXISTS (SELECT 1 FROM telemetry_segment s WHERE s.person_id = p.id)
        UNION SELECT s.person_id FROM telemetry_segment s JOIN telemetry_person p ON p.id = s.person_id
            WHERE p.signed_up_at > %(as_of)s OR p.signed_up_at IS NULL
        UNION SELECT person_id FROM telemetry_segment WHERE is_ahead
        UNION SELECT person_id FROM telemetry_segmentrefresh WHERE state = 'pending'
    """


RUN_AHEAD = f"""
    UPDATE telemetry_segment SET is_ahead = true WHERE person_id IN (SELECT person_id FROM {SCOPE})
"""
CATCH_UP = "UPDATE telemetry_segment SET is_ahead = false WHERE is_ahead"
