"""What the read API gives: reports as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from growth.cohorts import CohortSize, cohort_as_of
from growth.questions import FunnelQuestion, RetentionQuestion
from telemetry.analysis.funnel import FunnelReport, GroupReport, StepReport
from telemetry.analysis.retention import RetentionReport
from telemetry.people.models import Person
from telemetry.segments.properties import SegmentCounts, properties_of

FOUR_PLACES = Decimal("0.0001")


def share(value: float | None) -> float | None:
    """A rate with four decimals, rounded half up; None stays None.

    The shortest decimal of the float is what is rounded, so that an exact half goes up.
    """
    if value is None:
        return None
    return float(Decimal(repr(value)).quantize(FOUR_PLACES, rounding=ROUND_HALF_UP))


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, with a Z."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def step_json(event: str, step: StepReport) -> dict[str, Any]:
    """One step of a funnel's answer."""
    return {
        "event": event,
        "reached": step.reached,
        "of_entered": share(step.of_entered),
        "of_previous": share(step.of_previous),
        "median_seconds_from_entry": step.median_seconds_from_entry,
        "median_seconds_from_previous": step.median_seconds_from_previous,
    }


def group_value(group: GroupReport) -> Any:
    """A group's value as it was sent: text, number, boolean; None without one; `other` for the rest.

    Lists and objects are given as the text of their JSON.
    """
    kind, _colon, value = group.key.partition(":")
    if group.is_rest or kind not in ("n", "b"):
        return group.value
    return value == "true" if kind == "b" else float(value) if "." in value else int(value)


def echo(question: FunnelQuestion | RetentionQuestion) -> dict[str, Any]:
    """What every answer repeats of its question."""
    cohort = question.population.cohort
    return {
        "as_of": moment(question.as_of),
        **({"cohort": cohort, "cohort_as_of": moment(cohort_as_of())} if cohort else {}),
    }


def funnel_json(question: FunnelQuestion, report: FunnelReport) -> dict[str, Any]:
    """The answer of `POST reports/funnel/`."""
    events = [step.event for step in question.steps]

    def steps(of: tuple[StepReport, ...]) -> list[dict[str, Any]]:
        return [step_json(event, step) for event, step in zip(events, of, strict=True)]

    return {
        "steps": steps(report.steps),
        "entered": report.entered,
        "converted": report.converted,
        "in_progress": report.in_progress,
        "dropped": report.dropped,
        "excluded": report.excluded,
        "mature": {
            "entered": report.mature.entered,
            "converted": report.mature.converted,
            "rate": share(report.mature.rate),
        },
        "groups": [{"value": group_value(group), "steps": steps(group.steps)} for group in report.groups],
        "start": moment(question.start),
        "end": moment(question.end),
        "time_zone": question.time_zone,
        **echo(question),
    }


def retention_json(question: RetentionQuestion, report: RetentionReport) -> dict[str, Any]:
    """The answer of `POST reports/retention/`."""
    return {
        "rows": [
            {"cohort": row.cohort.isoformat(), "size": row.size, "retained": list(row.retained)}
            for row in report.rows
        ],
        "weighted_mean": [share(mean) for mean in report.weighted_mean],
        "simple_mean": [share(mean) for mean in report.simple_mean],
        "start": moment(report.start),
        "end": moment(report.end),
        "time_zone": question.time_zone,
        **echo(question),
    }


def segment_counts_json(counts: SegmentCounts) -> dict[str, Any]:
    """The answer of `GET segments/`."""
    return {
        "as_of": moment(counts.as_of),
        **{
            name: [{"value": each.value, "label": each.label, "people": each.size} for each in groups]
            for name, groups in counts.groups.items()
        },
    }


def cohorts_json(cohorts: Sequence[CohortSize]) -> dict[str, Any]:
    """The answer of `GET cohorts/`."""
    return {
        "as_of": moment(cohort_as_of()),
        "cohorts": [
            {"slug": each.slug, "name": each.name, "meaning": each.meaning, "people": each.size}
            for each in cohorts
        ],
    }


def person_segment_json(person: Person) -> dict[str, Any]:
    """The answer of `GET people/{user}/segment/`."""
    return {
        name: moment(value) if isinstance(value, datetime) else value
        for name, value in properties_of(person).items()
    }
