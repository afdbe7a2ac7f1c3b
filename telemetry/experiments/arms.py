"""Which arm of an experiment a person is shown, and that they saw it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Case, CharField, Exists, F, OuterRef, QuerySet, Subquery, When
from django.db.models.expressions import Combinable

from telemetry.experiments.buckets import bucket, chosen
from telemetry.experiments.events import ExperimentExposed
from telemetry.experiments.models import Arm, Assignment, Experiment, Exposure
from telemetry.log.track import track
from telemetry.people.models import Person

State = Experiment.State


def arm_of(person: Person, key: str, *, at: datetime) -> str | None:
    """The arm to show, given and stored on first need.

    None while the experiment is a draft, stopped or unknown. Whoever has an arm keeps it while the experiment
    runs; once it is rolled out everybody is shown that arm. One query for somebody who has one.
    """
    arms = list(_arms_with_that_of(person, key))
    if not arms:
        return None
    experiment = arms[0].experiment
    if experiment.state == State.ROLLED_OUT:
        return next(arm.name for arm in arms if arm.pk == experiment.rolled_out_to_id)
    if experiment.state != State.RUNNING:
        return None
    return _stored(arms) or _assign(person, arms, at)


def arm_expression(key: str, person: str = "pk") -> Combinable:
    """The same for many, in their own query: an expression that annotates a queryset of people.

    The stored arm, or the one that is rolled out. NULL for who has none yet, and for everybody while the
    experiment is a draft, stopped or unknown. `person`: the lookup that leads from a row to its person.
    """
    stored = Assignment.objects.filter(experiment=OuterRef("pk"), person=OuterRef(OuterRef(person)))
    shown = Case(
        When(state=State.RUNNING, then=Subquery(stored.values("arm__name")[:1])),
        When(state=State.ROLLED_OUT, then=F("rolled_out_to__name")),
        output_field=CharField(),
    )
    return Subquery(Experiment.objects.filter(key=key).annotate(shown=shown).values("shown")[:1])


def running_expression(key: str) -> Exists:
    """Whether the experiment gives arms now, for the same query: who then has none needs `arm_of`."""
    return Exists(Experiment.objects.filter(key=key, state=State.RUNNING))


def expose(person: Person, key: str, arm: str, *, at: datetime) -> bool:
    """Record that a person really saw an arm: the row and its event, together; False when they saw it before.

    False as well while the experiment does not run: what is rolled out is no experiment any more.
    """
    seen = Exposure.objects.filter(arm=OuterRef("pk"), person=person)
    shown = Arm.objects.filter(~Exists(seen), experiment__key=key, experiment__state=State.RUNNING, name=arm)
    with transaction.atomic():
        if (row := shown.first()) is None:
            return False
        _exposure, is_first = Exposure.objects.get_or_create(
            experiment_id=row.experiment_id, person=person, arm=row, defaults={"at": at}
        )
        if is_first:
            track(person, ExperimentExposed(experiment=key, arm=arm), at=at)
    return is_first


def _arms_with_that_of(person: Person, key: str) -> QuerySet[Arm]:
    """The arms in the order of the buckets, each with `is_theirs`."""
    theirs = Assignment.objects.filter(arm=OuterRef("pk"), person=person)
    arms = Arm.objects.filter(experiment__key=key).select_related("experiment")
    return arms.annotate(is_theirs=Exists(theirs))


def _stored(arms: list[Arm]) -> str | None:
    return next((arm.name for arm in arms if arm.is_theirs), None)  # type: ignore[attr-defined]


def _assign(person: Person, arms: list[Arm], at: datetime) -> str:
    """Give an arm; of two that are given at once the first that is stored holds for both."""
    experiment = arms[0].experiment
    position = bucket(experiment.salt, str(person.public_id))
    arm = arms[chosen(position, [arm.weight for arm in arms])]
    given = Assignment(experiment=experiment, person=person, arm=arm, phase=experiment.phase, at=at)
    Assignment.objects.bulk_create([given], ignore_conflicts=True)
    return Assignment.objects.values_list("arm__name", flat=True).get(experiment=experiment, person=person)
