"""Experiments, who is in them and who saw them, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import Count

if TYPE_CHECKING:
    from telemetry.experiments.models import Assignment, Experiment, Exposure  # noqa: F401 - base classes
    from telemetry.people.models import Person


class ExperimentQuerySet(models.QuerySet["Experiment", "Experiment"]):
    """Experiments, in sentences."""

    def ship(self, key: str, name: str, arms: Sequence[str]) -> bool:
        """Make an experiment that comes with an app, as a draft with equal weights; False when it is there.

        What staff made of it since stays.
        """
        from telemetry.experiments.models import Arm

        if self.filter(key=key).exists():
            return False
        with transaction.atomic(using=self.db):
            made = self.create(key=key, name=name)
            Arm.objects.using(self.db).bulk_create(
                Arm(experiment=made, name=arm, position=position) for position, arm in enumerate(arms)
            )
        return True


class AssignmentQuerySet(models.QuerySet["Assignment", "Assignment"]):
    """Who has which arm."""

    def move(self, source: Person, target: Person) -> None:
        """The source's arms become the target's, where the target has none of its own.

        By insert and delete: an assignment of the target that is being made meanwhile wins as well.
        """
        moved = [
            self.model(
                experiment_id=row.experiment_id, person=target, arm_id=row.arm_id, phase=row.phase, at=row.at
            )
            for row in self.filter(person=source)
        ]
        self.bulk_create(moved, ignore_conflicts=True)
        self.filter(person=source).delete()


class ExposureQuerySet(models.QuerySet["Exposure", "Exposure"]):
    """Who saw what."""

    def move(self, source: Person, target: Person) -> None:
        """What the source saw, the target saw; of the same arm the earlier sight counts."""
        for row in self.filter(person=source):
            seen = {"experiment_id": row.experiment_id, "arm_id": row.arm_id}
            self.bulk_create([self.model(person=target, at=row.at, **seen)], ignore_conflicts=True)
            self.filter(person=target, at__gt=row.at, **seen).update(at=row.at)
        self.filter(person=source).delete()

    def multiply_exposed(self, experiment: Experiment) -> models.QuerySet[Exposure, int]:
        """The keys of people who saw more than one arm; what they did proves nothing of either."""
        seen = self.filter(experiment=experiment).order_by().values("person")
        return seen.annotate(arms=Count("pk")).filter(arms__gt=1).values_list("person", flat=True)
