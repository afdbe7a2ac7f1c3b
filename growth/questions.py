"""Questions as people ask them: event names and a cohort, instead of keys and querysets.

The API, the dashboard, saved funnels and the links behind every number all carry one of these, so
that a number and the list of people behind it come from the same question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from growth.cohorts import people_in
from telemetry.analysis.funnel import FunnelSpec, Step
from telemetry.analysis.retention import Anchor, Mode, Period, RetentionSpec
from telemetry.log.events import ACTIVITY as ACTIVITY
from telemetry.log.vocabulary import activity_type_ids, type_ids
from telemetry.people.models import Person

#: What a condition compares a property with.
Value = str | int | float | bool | None


def types_named(event: str) -> tuple[int, ...]:
    """The keys of an event's type, or of all activity; `UnknownEvent` for a word nobody declared."""
    return activity_type_ids() if event == ACTIVITY else type_ids(event)


@dataclass(frozen=True, slots=True)
class Population:
    """Whom a question is about: everybody, a cohort, or all but staff and flagged people."""

    cohort: str | None = None
    reported_only: bool = False

    def people(self) -> QuerySet[Person] | None:
        """The people asked about; None for everybody.

        Raises `UnknownCohort` for a slug nobody made, `UnreadableCohort` for rules that say nothing.
        """
        if self.cohort is None:
            return Person.objects.reported() if self.reported_only else None
        people = people_in(self.cohort)
        return people.filter(pk__in=Person.objects.reported()) if self.reported_only else people

    def as_json(self) -> dict[str, Any]:
        """What a link carries of it."""
        return {"cohort": self.cohort, "reported_only": self.reported_only}


@dataclass(frozen=True, slots=True)
class QuestionStep:
    """One step by its event's name; `where` maps a property to the values it may have."""

    event: str
    where: Mapping[str, tuple[Value, ...]]

    def as_json(self) -> dict[str, Any]:
        """The form of the HTTP API."""
        return {"event": self.event, "where": {key: list(values) for key, values in self.where.items()}}


@dataclass(frozen=True, slots=True)
class FunnelQuestion:
    """Who took these steps in order, within `window_seconds` of an entry in `[start, end)`."""

    steps: tuple[QuestionStep, ...]
    window_seconds: int
    start: datetime
    end: datetime
    as_of: datetime
    breakdown: str | None = None
    population: Population = Population()
    time_zone: str = settings.TIME_ZONE  # in which the answer is read; a funnel counts no calendar days

    def spec(self) -> FunnelSpec:
        """The same, as the arithmetic takes it."""
        return FunnelSpec(
            steps=tuple(Step(step.event, types_named(step.event), step.where) for step in self.steps),
            window=timedelta(seconds=self.window_seconds),
            start=self.start,
            end=self.end,
            as_of=self.as_of,
            breakdown=self.breakdown,
            among=self.population.people(),
        )

    def as_json(self) -> dict[str, Any]:
        """The whole question, as links carry it and the HTTP API takes it."""
        return {
            "steps": [step.as_json() for step in self.steps],
            "window_seconds": self.window_seconds,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "as_of": self.as_of.isoformat(),
            "breakdown": {"property": self.breakdown, "touch": "entry"} if self.breakdown else None,
            **self.population.as_json(),
        }


@dataclass(frozen=True, slots=True)
class RetentionQuestion:
    """Of those whose `cohort_event` fell into a period: who did `return_event` in the periods after it."""

    cohort_event: str
    return_event: str
    period: Period
    periods: int
    mode: Mode
    anchor: Anchor
    start: datetime
    end: datetime
    as_of: datetime
    time_zone: str
    population: Population = Population()

    def spec(self) -> RetentionSpec:
        """The same, as the arithmetic takes it."""
        return RetentionSpec(
            cohort_types=types_named(self.cohort_event),
            return_types=types_named(self.return_event),
            period=self.period,
            periods=self.periods,
            mode=self.mode,
            anchor=self.anchor,
            start=self.start,
            end=self.end,
            as_of=self.as_of,
            time_zone=self.time_zone,
            among=self.population.people(),
        )

    def as_json(self) -> dict[str, Any]:
        """The whole question, as links carry it and the HTTP API takes it."""
        return {
            "cohort_event": self.cohort_event,
            "return_event": self.return_event,
            "period": self.period.value,
            "periods": self.periods,
            "mode": self.mode.value,
            "anchor": self.anchor.value,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "as_of": self.as_of.isoformat(),
            "time_zone": self.time_zone,
            **self.population.as_json(),
        }
