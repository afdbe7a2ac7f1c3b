"""The figures of the ordered funnel, and the people behind each, from the same named queries."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from telemetry.analysis._funnel_answer import COUNT, MEDIAN, VALUE
from telemetry.analysis._funnel_people import people as everybody
from telemetry.analysis._funnel_rows import entry_end, matches
from telemetry.analysis._log import EVENTS, is_among
from telemetry.analysis._sql import NO_NUMBER, NO_TEXT, Sql, bound, by_bytes, compose, join
from telemetry.analysis._values import value_of
from telemetry.analysis.refusal import QuestionRefused
from telemetry.instants import to_micros

if TYPE_CHECKING:
    from telemetry.analysis.funnel import FunnelCell, FunnelSpec

LARGEST = 20
REST = LARGEST + 1
"""The bucket of all groups that are not among the largest."""
THE_REST = "*"
"""The key of that group: no value is written so."""


def figures(spec: FunnelSpec) -> list[tuple[Any, ...]]:
    """All figures of the report; see `_funnel_answer` for the shape."""
    sections = [
        _counts(),
        *([_medians()] if len(spec.steps) > 1 else []),
        *([_values()] if spec.breakdown is not None else []),
    ]
    named = [*everybody(spec), *_placed(spec), *_durations(spec)]
    return _with(named, join("\nUNION ALL\n", sections)).rows()


def is_entered_since(spec: FunnelSpec, moment: datetime) -> bool:
    """Whether anybody entered at the moment or later; the log is asked by time, for a stretch at its end."""
    statement = compose(
        """SELECT EXISTS (
    SELECT 1 FROM {events} e WHERE {is_entry} AND e.occurred_at >= {moment} AND e.occurred_at < {end}{among}
)""",
        events=EVENTS,
        is_entry=matches(spec, 1, "e"),
        moment=to_micros(moment),
        end=entry_end(spec),
        among=is_among(Sql("e"), spec.among),
    )
    [[is_so]] = statement.rows()
    return bool(is_so)


def people(spec: FunnelSpec, cell: FunnelCell) -> Sql:
    """The ids of the people of one figure, from the statement that counted them."""
    if cell.group is None:
        return _with(
            everybody(spec), compose("SELECT p.person FROM people p WHERE {cell}", cell=_behind(spec, cell))
        )
    if spec.breakdown is None:
        raise QuestionRefused(_("Without a breakdown there are no groups."))
    in_group = (
        compose("p.bucket = {rest}", rest=REST)
        if cell.group == THE_REST
        else compose("p.bucket > 0 AND p.value = {key}", key=bound(cell.group))
    )
    return _with(
        [*everybody(spec), *_placed(spec)],
        compose(
            "SELECT p.person FROM placed p WHERE {in_group} AND {cell}",
            in_group=in_group,
            cell=_behind(spec, cell),
        ),
    )


def _behind(spec: FunnelSpec, cell: FunnelCell) -> Sql:
    if cell.outcome == "reached":
        return compose("p.depth >= {step}", step=cell.step or 1)
    depth = (
        compose("p.depth < {all}", all=len(spec.steps))
        if cell.step is None
        else compose("p.depth = {before}", before=cell.step - 1)
    )
    return compose("{depth} AND p.is_open = {open}", depth=depth, open=int(cell.outcome == "in_progress"))


def _with(named: list[tuple[str, Sql]], body: Sql) -> Sql:
    parts = [compose("{name} AS {query}", name=Sql(name), query=query) for name, query in named]
    return compose("WITH {parts}\n{body}", parts=join(",\n", parts), body=body)


BUCKETS = """(
    SELECT v.value, row_number() OVER (ORDER BY count(*) DESC, v.value {by_bytes}) AS bucket
    FROM valued v GROUP BY v.value
)"""
PLACED = """MATERIALIZED (
    SELECT 0 AS bucket, v.* FROM valued v
    UNION ALL
    SELECT CASE WHEN b.bucket > {largest} THEN {rest} ELSE b.bucket END, v.*
    FROM valued v JOIN buckets b ON b.value = v.value
)"""


def _valued(spec: FunnelSpec, breakdown: str) -> Sql:
    """The people with the value of the entry of their winning attempt; of the first entry if none went on."""
    return compose(
        """MATERIALIZED (
    SELECT p.*, (
        SELECT {value} FROM {events} v WHERE v.id = COALESCE(p.id_1, (
            SELECT max(e.id) FROM {events} e
            WHERE {is_entry} AND e.person_id = p.person AND e.occurred_at = p.at_1
        ))
    ) AS value
    FROM people p
)""",
        value=value_of(Sql("v"), breakdown),
        events=EVENTS,
        is_entry=matches(spec, 1, "e"),
    )


def _placed(spec: FunnelSpec) -> list[tuple[str, Sql]]:
    """The named queries up to `placed`: each person in bucket 0 and in that of their group."""
    if spec.breakdown is None:
        return [("placed", Sql("(SELECT 0 AS bucket, p.* FROM people p)"))]
    return [
        ("valued", _valued(spec, spec.breakdown)),
        ("buckets", compose(BUCKETS, by_bytes=by_bytes())),
        ("placed", compose(PLACED, largest=LARGEST, rest=REST)),
    ]


def _durations(spec: FunnelSpec) -> list[tuple[str, Sql]]:
    """The named queries up to `middle`: the two middle times of each step."""
    if len(spec.steps) == 1:
        return []
    pieces = [
        compose(
            "SELECT p.bucket, {step} AS step, p.at_{step} - p.at_1 AS from_entry,"
            " p.at_{step} - p.at_{before} AS from_previous FROM placed p WHERE p.depth >= {step}",
            step=step,
            before=step - 1,
        )
        for step in range(2, len(spec.steps) + 1)
    ]
    return [
        ("durations", compose("({pieces})", pieces=join("\nUNION ALL ", pieces))),
        ("lined_up", Sql(LINED_UP)),
        ("middle", Sql(MIDDLE)),
    ]


LINED_UP = """(
    SELECT d.*, count(*) OVER (PARTITION BY d.bucket, d.step) AS n,
        row_number() OVER (PARTITION BY d.bucket, d.step ORDER BY d.from_entry) AS by_entry,
        row_number() OVER (PARTITION BY d.bucket, d.step ORDER BY d.from_previous) AS by_previous
    FROM durations d
)"""
MIDDLE = """(
    SELECT l.bucket, l.step,
        min(CASE WHEN l.by_entry = (l.n + 1) / 2 THEN l.from_entry END) AS entry_low,
        min(CASE WHEN l.by_entry = (l.n + 2) / 2 THEN l.from_entry END) AS entry_high,
        min(CASE WHEN l.by_previous = (l.n + 1) / 2 THEN l.from_previous END) AS previous_low,
        min(CASE WHEN l.by_previous = (l.n + 2) / 2 THEN l.from_previous END) AS previous_high
    FROM lined_up l GROUP BY l.bucket, l.step
)"""


def _counts() -> Sql:
    return compose(
        "SELECT {kind}, p.bucket, p.depth, p.is_open, count(*), {none}, {none}, {no_text}"
        " FROM placed p GROUP BY p.bucket, p.depth, p.is_open",
        kind=COUNT,
        none=NO_NUMBER,
        no_text=NO_TEXT,
    )


def _medians() -> Sql:
    return compose(
        "SELECT {kind}, m.bucket, m.step, m.entry_low, m.entry_high, m.previous_low, m.previous_high,"
        " {no_text} FROM middle m",
        kind=MEDIAN,
        no_text=NO_TEXT,
    )


def _values() -> Sql:
    return compose(
        "SELECT {kind}, b.bucket, {none}, {none}, {none}, {none}, {none}, b.value"
        " FROM buckets b WHERE b.bucket <= {largest}",
        kind=VALUE,
        none=NO_NUMBER,
        largest=LARGEST,
    )
