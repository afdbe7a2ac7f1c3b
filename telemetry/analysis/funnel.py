"""The ordered funnel: how far people come, counting each person's best attempt (any attempt may win)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from telemetry.analysis import _funnel_statement as statement
from telemetry.analysis._funnel_answer import Answer
from telemetry.analysis._values import Json, readable
from telemetry.analysis.refusal import QuestionRefused

__all__ = [
    "FunnelCell",
    "FunnelReport",
    "FunnelSpec",
    "GroupReport",
    "Json",
    "MatureReport",
    "Step",
    "StepReport",
    "funnel",
    "people_of_funnel",
]

MAX_STEPS = 10
MAX_WINDOW = timedelta(days=36_525)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: any event of these types whose named values are among those listed.

    `source` and `project` name the event's own columns, everything else its properties.
    """

    label: str
    types: tuple[int, ...]
    where: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FunnelSpec:
    """The whole question. Entries lie in `[start, end)`, later steps in `window` (inclusive) from the entry.

    Nothing after `as_of` is seen. `breakdown` names a value of the entry; `among` restricts the people.
    Raises `QuestionRefused` for a question without meaning.
    """

    steps: tuple[Step, ...]
    window: timedelta
    start: datetime
    end: datetime
    as_of: datetime
    breakdown: str | None = None
    among: QuerySet[Any] | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise QuestionRefused(_("A funnel has 1 to %(most)s steps.") % {"most": MAX_STEPS})
        if not timedelta(0) < self.window <= MAX_WINDOW:
            raise QuestionRefused(_("A funnel's window is longer than nothing and at most a hundred years."))
        if self.start > self.end:
            raise QuestionRefused(_("A range does not end before it starts."))

    @property
    def matured(self) -> "FunnelSpec":
        """The same question over the entries whose window has passed by `as_of`."""
        if self.as_of - self.start <= self.window:
            return replace(self, end=self.start)
        return replace(self, end=min(self.end, self.as_of - self.window))


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step of one funnel.

    `dropped` and `in_progress` are the people who came as far as the step before and no further: for good,
    or with time left. Medians are in seconds, over the winning attempts.
    """

    label: str
    reached: int
    entered: int
    previous: int | None
    dropped: int
    in_progress: int
    median_seconds_from_entry: float | None
    median_seconds_from_previous: float | None

    @property
    def of_entered(self) -> float | None:
        """The share of all who entered."""
        return self.reached / self.entered if self.entered else None

    @property
    def of_previous(self) -> float | None:
        """The share of those who reached the step before; None for the first step."""
        return self.reached / self.previous if self.previous else None


@dataclass(frozen=True, slots=True)
class MatureReport:
    """The funnel over the entries whose window has passed: the only rate that time will not change."""

    entered: int
    converted: int

    @property
    def rate(self) -> float | None:
        """The share that converted."""
        return self.converted / self.entered if self.entered else None


@dataclass(frozen=True, slots=True)
class GroupReport:
    """The people whose winning attempt was entered with one value; `key` names them in a `FunnelCell`."""

    key: str
    value: str | None
    steps: tuple[StepReport, ...]
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class FunnelReport:
    """The answer: `converted + in_progress + dropped == entered`. `groups` is empty without a breakdown."""

    spec: FunnelSpec
    steps: tuple[StepReport, ...]
    entered: int
    converted: int
    in_progress: int
    dropped: int
    mature: MatureReport
    groups: tuple[GroupReport, ...]
    excluded: int = 0

    @property
    def largest_drop(self) -> StepReport | None:
        """The step before which most people stopped, who is on their way left out; None when nobody did."""
        lost = max(self.steps[1:], key=lambda step: step.dropped, default=None)
        return lost if lost is not None and lost.dropped else None


@dataclass(frozen=True, slots=True)
class FunnelCell:
    """One figure of a report.

    "reached": whoever came to `step` (from 1) or further. "dropped", "in_progress": whoever came to the step
    before it and no further, at any step when `step` is None. `group`: a `GroupReport.key`, None for all.
    """

    outcome: Literal["reached", "dropped", "in_progress"]
    step: int | None = None
    group: str | None = None


def funnel(spec: FunnelSpec) -> FunnelReport:
    """Answer the question in one statement, and for the mature entries again where some are not mature."""
    answer = Answer.of(statement.figures(spec))
    matured = (
        answer
        if spec.matured == spec or not statement.is_entered_since(spec, spec.matured.end)
        else Answer.of(statement.figures(replace(spec.matured, breakdown=None)))
    )
    steps = _steps(spec, answer, 0)
    return FunnelReport(
        spec=spec,
        steps=steps,
        entered=steps[0].reached,
        converted=steps[-1].reached,
        in_progress=sum(step.in_progress for step in steps),
        dropped=sum(step.dropped for step in steps),
        mature=MatureReport(matured.reached(0, 1), matured.reached(0, len(steps))),
        groups=tuple(_group(spec, answer, bucket) for bucket in answer.buckets),
    )


def people_of_funnel(spec: FunnelSpec, cell: FunnelCell) -> RawSQL:
    """The ids of the people behind one figure, for `Person.objects.filter(pk__in=…)`."""
    return statement.people(spec, cell).raw()


def _group(spec: FunnelSpec, answer: Answer, bucket: int) -> GroupReport:
    if bucket == statement.REST:
        return GroupReport(statement.THE_REST, "other", _steps(spec, answer, bucket), is_rest=True)
    key = answer.values[bucket]
    return GroupReport(key, readable(key), _steps(spec, answer, bucket))


def _steps(spec: FunnelSpec, answer: Answer, bucket: int) -> tuple[StepReport, ...]:
    return tuple(
        StepReport(
            label=step.label,
            reached=answer.reached(bucket, number),
            entered=answer.reached(bucket, 1),
            previous=answer.reached(bucket, number - 1) if number > 1 else None,
            dropped=answer.stopped(bucket, number - 1, is_open=False),
            in_progress=answer.stopped(bucket, number - 1, is_open=True),
            median_seconds_from_entry=answer.from_entry.get((bucket, number)),
            median_seconds_from_previous=answer.from_previous.get((bucket, number)),
        )
        for number, step in enumerate(spec.steps, start=1)
    )
