"""Experiments: their arms, who was given which, and who really saw it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex
from typing import ClassVar

from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from telemetry.experiments.querysets import AssignmentQuerySet, ExperimentQuerySet, ExposureQuerySet
from telemetry.instants import InstantField
from telemetry.people.models import Person


class NotReady(ValueError):
    """Fewer than two arms have any weight: there is nothing to compare."""


def new_salt() -> str:
    """What makes an experiment's buckets its own."""
    return token_hex(8)


class Experiment(models.Model):
    """Several ways of doing one thing, tried on different people. Its key is what code calls it."""

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        ROLLED_OUT = "rolled_out", _("Rolled out")

    key = models.SlugField(_("key"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=100)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    salt = models.CharField(_("salt"), max_length=64, default=new_salt, editable=False)
    phase = models.PositiveSmallIntegerField(
        _("phase"), default=0, help_text=_("Each start and each change of the weights begins a new one.")
    )
    rolled_out_to = models.ForeignKey(
        "telemetry.Arm",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("rolled out to"),
    )
    started_at = InstantField(_("first started"), null=True, blank=True)
    ended_at = InstantField(_("ended"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[ExperimentQuerySet] = ExperimentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "running", "stopped"], rolled_out_to=None)
                | Q(state="rolled_out", rolled_out_to__isnull=False),
                name="rolled_out_to_an_arm_or_not_at_all",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", started_at=None, phase=0)
                | (~Q(state="draft") & Q(started_at__isnull=False, phase__gt=0)),
                name="an_experiment_was_started_once_it_is_no_draft",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def start(self, *, at: datetime) -> bool:
        """Give arms to people from now on, in a new phase; False when it runs already.

        Whoever has an arm keeps it. Raises `NotReady` with fewer than two arms of any weight.
        """
        self._lock()
        resting = Experiment.objects.filter(pk=self.pk).exclude(state=self.State.RUNNING)
        return self._begin(resting, at)

    @transaction.atomic
    def reweigh(self, weights: Mapping[str, int], *, at: datetime) -> bool:
        """Weigh the arms anew, by name; while it runs that is a new phase. False when nothing changes.

        The new weights are for whoever comes; who has an arm keeps it, so nobody sees two. Raises `NotReady`
        with fewer than two arms of any weight.
        """
        self._lock()
        changed = [arm for arm in self.arms.all() if weights.get(arm.name, arm.weight) != arm.weight]
        for arm in changed:
            arm.weight = weights[arm.name]
            arm.save(update_fields=["weight"])
        running = Experiment.objects.filter(pk=self.pk, state=self.State.RUNNING)
        if changed:
            self._begin(running, at)
        return bool(changed)

    def stop(self, *, at: datetime) -> bool:
        """Give no arms; everybody sees what they saw before it. False for a draft, or when it is stopped."""
        return self._end(self.State.STOPPED, None, at)

    def roll_out(self, arm: Arm, *, at: datetime) -> bool:
        """Show this arm to everybody; False when it is a draft, or is shown to everybody already."""
        return self._end(self.State.ROLLED_OUT, arm, at)

    def _lock(self) -> None:
        """One after the other: a phase names the weights that hold in it."""
        Experiment.objects.select_for_update().get(pk=self.pk)

    def _begin(self, those: ExperimentQuerySet, at: datetime) -> bool:
        weights = {arm.name: arm.weight for arm in self.arms.all()}
        if sum(weight > 0 for weight in weights.values()) < 2:
            raise NotReady(self.key)
        moved = those.update(
            state=self.State.RUNNING,
            phase=F("phase") + 1,
            rolled_out_to=None,
            started_at=Coalesce("started_at", Value(at, output_field=InstantField())),
            ended_at=None,
        )
        self.refresh_from_db()
        if moved:
            self.phases.create(number=self.phase, weights=weights, began_at=at)
        return bool(moved)

    def _end(self, state: State, arm: Arm | None, at: datetime) -> bool:
        began = Experiment.objects.filter(pk=self.pk).exclude(state=self.State.DRAFT)
        moved = began.exclude(state=state, rolled_out_to=arm).update(
            state=state, rolled_out_to=arm, ended_at=at
        )
        self.refresh_from_db()
        return bool(moved)


class Arm(models.Model):
    """One of the ways. `name` is what code and events call it; the order is that of the buckets."""

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="arms", verbose_name=_("experiment")
    )
    name = models.SlugField(_("name"), max_length=32)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("arm")
        verbose_name_plural = _("arms")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "name"], name="one_arm_per_name"),
            models.UniqueConstraint(fields=["experiment", "position"], name="one_arm_per_position"),
        ]

    def __str__(self) -> str:
        return self.name


class Phase(models.Model):
    """A time in which the weights were the same: what its assignments are measured against."""

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="phases", verbose_name=_("experiment")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    weights = models.JSONField(_("weights"), help_text=_("By arm."))
    began_at = InstantField(_("began"))

    class Meta:
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["experiment", "number"], name="one_phase_per_number")]

    def __str__(self) -> str:
        return f"phase {self.number}"


class Assignment(models.Model):
    """Which arm a person was given, once and for good, and under which weights."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="assignments")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="assignments")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="assignments")
    phase = models.PositiveSmallIntegerField(_("phase"))
    at = InstantField(_("at"))

    objects: ClassVar[AssignmentQuerySet] = AssignmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [models.UniqueConstraint(fields=["experiment", "person"], name="one_arm_per_person")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.arm_id}"


class Exposure(models.Model):
    """When a person first saw an arm. Somebody with several in one experiment saw more than they should."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="exposures")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="exposures")
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="exposures")
    at = InstantField(_("at"))

    objects: ClassVar[ExposureQuerySet] = ExposureQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("exposure")
        verbose_name_plural = _("exposures")
        constraints = [
            models.UniqueConstraint(fields=["experiment", "person", "arm"], name="one_first_exposure_per_arm")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} saw {self.arm_id}"
