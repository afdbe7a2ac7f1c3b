"""The numbers slide: what entered a window since the last refresh is added, what left it is subtracted.

Nobody's history is read again, so an hour costs what happened at the edges of the windows in that hour.
Exact for whoever has a row, as long as what the row counted is known: every event up to id `was_seen`.
"""

from __future__ import annotations

from telemetry.segments._statements import COUNTS, SCOPE, Counted, one_of, write

SLICE = "segment_slice"
EVENT = "person_id, type_id, id, occurred_at, project_id, source, duration_seconds"
MAKE_SLICE = f"""
    CREATE TEMPORARY TABLE {SLICE} (
        person_id bigint, type_id integer, id bigint, occurred_at bigint, project_id bigint,
        source varchar(32), duration_seconds bigint
    )
"""
DROP_SLICE = f"DROP TABLE {SLICE}"
COUNT_SLICE = f"SELECT count(DISTINCT person_id) FROM {SLICE}"

WINDOWS = {"entries_last_24h": "day", "entries_last_7_days": "week", "entries_last_30_days": "month"}
PROJECTS = ("active_projects_count", "total_projects_count")
NOW = "occurred_at <= %(as_of)s AND id <= %(seen)s"
THEN = "occurred_at <= %(was_as_of)s AND id <= %(was_seen)s"


def cut(counted: Counted) -> str:
    """Put into the slice every event that entered or left a window, of people outside the scope.

    The stretches of time do not overlap while the last refresh is a day ago or less.
    """
    counts, active = one_of("type_id", counted.all), one_of("type_id", counted.activity)
    outside = f"person_id NOT IN (SELECT person_id FROM {SCOPE})"
    left = "".join(
        f" UNION ALL SELECT {EVENT} FROM telemetry_event WHERE {active} AND {outside}"
        f" AND occurred_at > %(was_{edge})s AND occurred_at <= %({edge})s AND id <= %(was_seen)s"
        for edge in WINDOWS.values()
    )
    return f"""
        INSERT INTO {SLICE} ({EVENT})
        SELECT {EVENT} FROM telemetry_event
            WHERE {counts} AND {outside} AND id > %(was_seen)s AND id <= %(seen)s
        UNION ALL SELECT {EVENT} FROM telemetry_event
            WHERE {counts} AND {outside}
                AND occurred_at > %(was_as_of)s AND occurred_at <= %(as_of)s AND id <= %(was_seen)s
        {left}
    """


def slide(counted: Counted) -> str:
    """Write the rows of whoever has events in the slice; its row count is how many differ."""
    changes = _changes(counted)
    values = ", ".join(
        f"s.{column} + coalesce(projects.{column}, 0)"
        if column in PROJECTS
        else f"s.{column} + entries.{column}"
        for column in COUNTS
    )
    return write(
        f"""
        SELECT s.person_id, {values},
            CASE WHEN s.last_login_event_at >= entries.login OR entries.login IS NULL
                THEN s.last_login_event_at ELSE entries.login END,
            %(as_of)s
        FROM telemetry_segment s
        JOIN (SELECT person_id, {changes} FROM {SLICE} GROUP BY person_id) entries
            ON entries.person_id = s.person_id
        LEFT JOIN ({_projects(counted)}) projects ON projects.person_id = s.person_id
        WHERE true
        """
    )


def _change(amount: str, condition: str, since: str = "", was_since: str = "") -> str:
    """What is counted now, less what was counted then."""
    now = f"{condition} AND {NOW}{since}"
    then = f"{condition} AND {THEN}{was_since}"
    return f"sum(CASE WHEN {now} THEN {amount} ELSE 0 END) - sum(CASE WHEN {then} THEN {amount} ELSE 0 END)"


def _changes(counted: Counted) -> str:
    active = one_of("type_id", counted.activity)
    changes = {
        column: _change("1", active, f" AND occurred_at > %({edge})s", f" AND occurred_at > %(was_{edge})s")
        for column, edge in WINDOWS.items()
    } | {
        "entries_all_time": _change("1", active),
        "timer_entries_count": _change("1", f"{active} AND source = 'timer'"),
        "manual_entries_count": _change("1", f"{active} AND source = 'manual'"),
        "seconds_tracked": _change("coalesce(duration_seconds, 0)", active),
        "tasks_assigned": _change("1", one_of("type_id", counted.assigned)),
        "tasks_completed": _change("1", one_of("type_id", counted.completed)),
        "login": f"max(CASE WHEN {one_of('type_id', counted.login)} AND {NOW} THEN occurred_at END)",
    }
    return ", ".join(f"{change} AS {column}" for column, change in changes.items())


def _projects(counted: Counted) -> str:
    """How many more projects somebody has, in thirty days and ever.

    Of each pair of person and project that has an event in the slice, the log is asked whether another
    event said the same already, or says so still.
    """

    def known(when: str) -> str:
        return f"""EXISTS (
            SELECT 1 FROM telemetry_event e WHERE {one_of("e.type_id", counted.activity)}
                AND e.person_id = pair.person_id AND e.project_id = pair.project_id AND {when}
        )"""

    # Whoever was active lately is found by a few rows, and only of the others the whole history is asked.
    was_active = known(f"{THEN} AND occurred_at > %(was_month)s")
    is_active = known(f"{NOW} AND occurred_at > %(month)s")
    return f"""
        SELECT person_id,
            sum(CASE WHEN joined = 1 AND gone = 0 AND NOT {was_active} THEN 1
                WHEN joined = 0 AND gone = 1 AND NOT {is_active} THEN -1 ELSE 0 END) AS active_projects_count,
            sum(CASE WHEN entered = 1 AND gone = 0 AND NOT {was_active} AND NOT {known(THEN)}
                THEN 1 ELSE 0 END) AS total_projects_count
        FROM ({_pairs(counted)}) pair
        GROUP BY person_id
    """


def _pairs(counted: Counted) -> str:
    """Who and which project, and whether an event entered the log, or the thirty days, or left these."""
    entering = "(id > %(was_seen)s OR occurred_at > %(was_as_of)s) AND occurred_at <= %(as_of)s"
    leaving = "id <= %(was_seen)s AND occurred_at <= %(month)s"

    def any_of(condition: str) -> str:
        return f"max(CASE WHEN {condition} THEN 1 ELSE 0 END)"

    return f"""
        SELECT person_id, project_id,
            {any_of(entering)} AS entered,
            {any_of(f"{entering} AND occurred_at > %(month)s")} AS joined,
            {any_of(leaving)} AS gone
        FROM {SLICE}
        WHERE {one_of("type_id", counted.activity)} AND project_id IS NOT NULL
            AND (id > %(was_seen)s OR occurred_at > %(was_as_of)s OR occurred_at <= %(month)s)
        GROUP BY person_id, project_id
    """
