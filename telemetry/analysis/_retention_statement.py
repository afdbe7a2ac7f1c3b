"""Retention as one statement: who began in which period, and in which of them each came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.analysis._log import EVENTS, is_among, is_of
from telemetry.analysis._retention_marks import marks_of
from telemetry.analysis._sql import NOTHING, Sql, compose, join
from telemetry.instants import to_micros

if TYPE_CHECKING:
    from collections.abc import Iterator

    from telemetry.analysis.retention import RetentionSpec

WHOLE = -1
"""In place of a column: the cohort itself."""


def figures(spec: RetentionSpec) -> Iterator[tuple[int, int, int]]:
    """Cohort, column, people; of cohorts of nobody nothing."""
    marks = marks_of(spec)
    later = [marks.has(period) for period in range(1, len(spec.columns().days))]
    counts = [compose(", count(*) FILTER (WHERE {came})", came=came) for came in (_at_once(spec), *later)]
    statement = compose(
        "{named}\nSELECT s.cohort, count(*){counts} FROM seen s GROUP BY s.cohort",
        named=_named(spec),
        counts=join("", counts),
    )
    for cohort, size, at_once, *by_period in statement.rows():
        yield cohort, WHOLE, size
        yield cohort, 0, at_once
        yield from ((cohort, k, by_period[cohort + k - 1]) for k in range(1, spec.periods))


def people(spec: RetentionSpec, cohort: int, k: int | None) -> Sql:
    """The ids of the people of one cell, from the statement that counted them; None is the whole cohort."""
    came = NOTHING
    if k is not None:
        came = compose(" AND {came}", came=marks_of(spec).has(cohort + k) if k else _at_once(spec))
    return compose(
        "{named}\nSELECT s.person FROM seen s WHERE s.cohort = {cohort}{came}",
        named=_named(spec),
        cohort=cohort,
        came=came,
    )


def _named(spec: RetentionSpec) -> Sql:
    """`seen`: a row for each member of a cohort, with the person's marks."""
    once = spec.anchor != "recurring" and set(spec.cohort_types) == set(spec.return_types)
    return _in_one_pass(spec) if once else _joined(spec)


def _in_one_pass(spec: RetentionSpec) -> Sql:
    """Who returns by what they began with has anchor and marks from the same rows."""
    cohorts, marks = spec.cohorts(), marks_of(spec)
    return compose(
        """WITH seen AS MATERIALIZED (
    SELECT f.person, f.at, {cohort} AS cohort{marks}
    FROM (
        SELECT e.person_id AS person, min(e.occurred_at) AS at{aggregates} FROM {events} e
        WHERE {is_return} AND e.occurred_at < {until}{start}{among}
        GROUP BY e.person_id
        HAVING min(e.occurred_at) >= {first} AND min(e.occurred_at) < {end}
    ) f
)""",
        cohort=cohorts.index_of(Sql("f.at")),
        marks=marks.read(Sql("f")),
        aggregates=marks.aggregates(Sql("e.occurred_at")),
        events=EVENTS,
        is_return=is_of(Sql("e"), spec.return_types),
        until=marks.until,
        start=NOTHING if spec.anchor == "first_ever" else _from_start(spec),
        among=is_among(Sql("e"), spec.among),
        first=cohorts.bounds[0],
        end=cohorts.bounds[-1],
    )


def _joined(spec: RetentionSpec) -> Sql:
    marks = marks_of(spec)
    return compose(
        """WITH anchors AS MATERIALIZED {anchors},
returns AS MATERIALIZED (
    SELECT e.person_id AS person{aggregates} FROM {events} e
    WHERE {is_return} AND e.occurred_at < {until}{start}{among}
    GROUP BY e.person_id
),
seen AS MATERIALIZED (
    SELECT a.person, a.at, a.cohort{marks} FROM anchors a LEFT JOIN returns r ON r.person = a.person
)""",
        anchors=_anchors(spec),
        aggregates=marks.aggregates(Sql("e.occurred_at")),
        events=EVENTS,
        is_return=is_of(Sql("e"), spec.return_types),
        until=marks.until,
        start=_from_start(spec),
        among=is_among(Sql("e"), spec.among),
        marks=marks.read(Sql("r")),
    )


def _anchors(spec: RetentionSpec) -> Sql:
    """Each person's anchors: when, and the index of the cohort's period. One a person, or one a period."""
    cohorts = spec.cohorts()
    recurring = spec.anchor == "recurring"
    looks_back = spec.anchor == "first_ever"
    return compose(
        """(
    SELECT f.person, f.at, {cohort} AS cohort
    FROM (
        SELECT e.person_id AS person, min(e.occurred_at) AS at FROM {events} e
        WHERE {is_cohort} AND e.occurred_at < {end}{start}{among}
        GROUP BY e.person_id{period}{from_start}
    ) f
)""",
        cohort=cohorts.index_of(Sql("f.at")),
        events=EVENTS,
        is_cohort=is_of(Sql("e"), spec.cohort_types),
        end=min(cohorts.bounds[-1], to_micros(spec.as_of) + 1),
        start=NOTHING if looks_back else _from_start(spec),
        among=is_among(Sql("e"), spec.among),
        period=compose(", {period}", period=cohorts.index_of(Sql("e.occurred_at"))) if recurring else NOTHING,
        from_start=compose(" HAVING min(e.occurred_at) >= {start}", start=cohorts.bounds[0])
        if looks_back
        else NOTHING,
    )


def _from_start(spec: RetentionSpec) -> Sql:
    return compose(" AND e.occurred_at >= {start}", start=spec.cohorts().bounds[0])


def _at_once(spec: RetentionSpec) -> Sql:
    """Whether a member came in the cohort's own period, or later if that counts: at or after the anchor.

    Every member did whose anchor matches. Of rows at its instant, those ingested before it do not count.
    """
    if set(spec.cohort_types) <= set(spec.return_types):
        return Sql("s.at IS NOT NULL")
    return compose(
        """EXISTS (
    SELECT 1 FROM {events} e
    WHERE {is_return} AND e.person_id = s.person AND e.occurred_at >= s.at
        AND e.occurred_at < {until}{and_in_period}
        AND (e.occurred_at > s.at OR e.id >= (
            SELECT min(c.id) FROM {events} c
            WHERE {is_cohort} AND c.person_id = s.person AND c.occurred_at = s.at
        ))
)""",
        events=EVENTS,
        is_return=is_of(Sql("e"), spec.return_types),
        is_cohort=is_of(Sql("c"), spec.cohort_types),
        until=marks_of(spec).until,
        and_in_period=compose(" AND e.occurred_at < {end}", end=spec.cohorts().end_of(Sql("s.cohort")))
        if spec.mode == "on"
        else NOTHING,
    )
