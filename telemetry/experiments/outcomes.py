"""What people did after they first saw an arm: counts, no verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from telemetry.experiments.models import Experiment, Exposure
from telemetry.instants import to_micros
from telemetry.log.models import Event
from telemetry.people.models import Person

Steps = Mapping[str, tuple[int, ...]]
"""The event types of each step, by the step's name (a Python identifier)."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Whose first sight of an arm lies in `[start, end)`, and until when what they did is looked at.

    Left out is whoever saw several arms: what they did proves nothing of either. `among` restricts people.
    """

    experiment: Experiment
    start: datetime
    end: datetime
    as_of: datetime
    among: QuerySet[Person] | None = None

    def exposures(self) -> QuerySet[Exposure]:
        """One row a person."""
        rows = Exposure.objects.filter(
            experiment=self.experiment, at__gte=to_micros(self.start), at__lt=to_micros(self.end)
        ).exclude(person__in=Exposure.objects.multiply_exposed(self.experiment))
        return rows if self.among is None else rows.filter(person__in=self.among)

    def multiply_exposed(self) -> int:
        """How many people of all time saw several arms."""
        return Exposure.objects.multiply_exposed(self.experiment).count()


@dataclass(frozen=True, slots=True)
class ArmOutcome:
    """How many people saw an arm, and how many of them took each step at that moment or later."""

    arm: str
    exposed: int
    reached: Mapping[str, int]


def outcomes(trial: Trial, steps: Steps) -> tuple[ArmOutcome, ...]:
    """Arm by arm in their order; steps need not be taken in one. One query beside that of the arms."""
    took = {f"took_{name}": _did(types, trial) for name, types in steps.items()}
    counted = {name: Count("pk", filter=Q(**{f"took_{name}": True})) for name in steps}
    rows: Any = trial.exposures().order_by().annotate(**took).values("arm__name")
    read = {row["arm__name"]: row for row in rows.annotate(exposed=Count("pk"), **counted)}
    nobody = dict.fromkeys(("exposed", *steps), 0)
    return tuple(_outcome(arm.name, read.get(arm.name, nobody), steps) for arm in trial.experiment.arms.all())


def _outcome(arm: str, row: Mapping[str, int], steps: Steps) -> ArmOutcome:
    return ArmOutcome(arm, row["exposed"], {name: row[name] for name in steps})


def people_of(trial: Trial, arm: str, types: tuple[int, ...] | None) -> QuerySet[Person]:
    """The people behind a number: who saw the arm, and took the step of these types unless it is None."""
    rows = trial.exposures().filter(arm__name=arm)
    if types is not None:
        rows = rows.filter(_did(types, trial))
    return Person.objects.filter(pk__in=rows.values("person"))


def _did(types: tuple[int, ...], trial: Trial) -> Exists:
    return Exists(
        Event.objects.filter(
            type__in=types,
            person=OuterRef("person"),
            occurred_at__gte=OuterRef("at"),
            occurred_at__lte=to_micros(trial.as_of),
        )
    )
