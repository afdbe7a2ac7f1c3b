"""Experiments: staff start and stop them, weigh their arms, and roll one out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display

from telemetry.admin.base import VerbsAdmin
from telemetry.admin.experiment_forms import TOO_FEW, ArmForm, WeightsForm
from telemetry.experiments.models import Arm, Experiment, NotReady
from telemetry.operations.models import AuditEntry


class ArmInline(TabularInline):
    """The arms: what they weigh, and how many people are in each."""

    model = Arm
    fields = ["name", "weight", "people", "saw_it"]
    readonly_fields = fields
    ordering = ["position"]
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Arm]:
        """With how many people have each, and how many saw it."""
        arms: QuerySet[Arm] = super().get_queryset(request)
        return arms.annotate(
            people=Count("assignments", distinct=True), saw_it=Count("exposures", distinct=True)
        )

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """An arm is something that code shows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Weighing has a page of its own."""
        return False

    @display(description=gettext_lazy("people given it"))
    def people(self, arm: Any) -> int:
        """Who have the arm."""
        return int(arm.people)

    @display(description=gettext_lazy("people who saw it"))
    def saw_it(self, arm: Any) -> int:
        """Who were shown it."""
        return int(arm.saw_it)


@admin.register(Experiment)
class ExperimentAdmin(VerbsAdmin):
    """Experiments come with code; whether they run is staff's to say."""

    list_display = ["name", "key", "stage", "weights", "phase", "started_at", "ended_at"]
    list_filter = ["state"]
    search_fields = ["name", "key"]
    fields = ["name", "key", "state", "rolled_out_to", "phase", "phases", "started_at", "ended_at"]
    readonly_fields = fields[1:]
    inlines = [ArmInline]
    actions = None
    actions_detail = ["start", "weigh", "roll_out", "stop"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        """With their arms and phases."""
        return super().get_queryset(request).prefetch_related("arms", "phases")  # type: ignore[no-any-return]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come with code."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """They are stopped."""
        return False

    def has_switch_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """Who may change experiments may switch them."""
        return bool(request.user.has_perm("telemetry.change_experiment"))

    @display(
        description=gettext_lazy("state"),
        label={"draft": "info", "running": "success", "stopped": "warning", "rolled_out": "success"},
    )
    def stage(self, experiment: Experiment) -> tuple[str, str]:
        """Where it stands."""
        return experiment.state, experiment.get_state_display()

    @display(description=gettext_lazy("arms"))
    def weights(self, experiment: Experiment) -> str:
        """The arms with their weights, in a row."""
        return spoken({arm.name: arm.weight for arm in experiment.arms.all()})

    @display(description=gettext_lazy("phases"))
    def phases(self, experiment: Experiment) -> str:
        """What the arms weighed from when on."""
        arms = [arm.name for arm in experiment.arms.all()]  # a database may keep JSON in another order
        began = (
            f"{phase.number}: {phase.began_at:%Y-%m-%d %H:%M} UTC, "
            + spoken({arm: phase.weights[arm] for arm in arms if arm in phase.weights})
            for phase in experiment.phases.all()
        )
        return "; ".join(began) or self.get_empty_value_display()

    @action(description=gettext_lazy("Start"), url_path="start", permissions=["switch"])
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give arms from now on, once asked again."""
        experiment = self.row_or_404(request, object_id)
        if request.method != "POST":
            warning = _(
                "From now on people are given an arm each, and shown it: %(weights)s. Who has one keeps it."
            )
            return self.ask(
                request,
                experiment,
                title=_("Start “%(experiment)s”?") % {"experiment": experiment},
                warning=warning % {"weights": self.weights(experiment)},
                verb=_("Start"),
            )
        try:
            return self.moved(request, experiment, "started", lambda at: experiment.start(at=at))
        except NotReady:
            return self.undone(request, str(TOO_FEW), self.address_of(experiment))

    @action(description=gettext_lazy("Weigh anew"), url_path="weigh", permissions=["switch"])
    def weigh(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change the weights; of an experiment that runs that is a new phase."""
        experiment = self.row_or_404(request, object_id)
        form = WeightsForm(experiment, request.POST or None)
        if form.is_valid():
            return self.moved(
                request, experiment, "weighed", lambda at: experiment.reweigh(form.cleaned_data, at=at)
            )
        return self.ask(
            request,
            experiment,
            title=_("Weigh the arms of “%(experiment)s” anew?") % {"experiment": experiment},
            warning=_(
                "The weights are for whoever comes; who has an arm keeps it. While the experiment runs, other"
                " weights begin a new phase: what came before is not compared with what comes after."
            ),
            verb=_("Weigh anew"),
            form=form,
        )

    @action(description=gettext_lazy("Roll out"), url_path="roll-out", permissions=["switch"])
    def roll_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show one arm to everybody, once asked which."""
        experiment = self.row_or_404(request, object_id)
        form = ArmForm(experiment, request.POST or None)
        if form.is_valid():
            arm = form.cleaned_data["arm"]
            return self.moved(request, experiment, "rolled_out", lambda at: experiment.roll_out(arm, at=at))
        return self.ask(
            request,
            experiment,
            title=_("Roll out an arm of “%(experiment)s”?") % {"experiment": experiment},
            warning=_("The experiment ends, and everybody is shown this arm from now on."),
            verb=_("Roll out"),
            form=form,
        )

    @action(description=gettext_lazy("Stop"), url_path="stop", permissions=["switch"])
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show nobody an arm, once asked again."""
        experiment = self.row_or_404(request, object_id)
        if request.method != "POST":
            return self.ask(
                request,
                experiment,
                title=_("Stop “%(experiment)s”?") % {"experiment": experiment},
                warning=_("Nobody is shown an arm any more: everybody sees what was there before it."),
                verb=_("Stop"),
            )
        return self.moved(request, experiment, "stopped", lambda at: experiment.stop(at=at))

    def moved(self, request: HttpRequest, experiment: Experiment, what: str, move: Any) -> HttpResponse:
        """Make the move and keep who made it; a move that was made before changes nothing."""
        at, before = timezone.now(), standing(experiment)
        with transaction.atomic():
            if done := move(at):
                after = standing(self.model.objects.get(pk=experiment.pk))
                AuditEntry.objects.record(
                    request.user, f"experiment.{what}", experiment, before, after, at=at
                )
        address = self.address_of(experiment)
        if not done:
            return self.undone(request, _("Nothing was changed: it stands like that already."), address)
        return self.done(request, _("“%(experiment)s” is changed.") % {"experiment": experiment}, address)


def standing(experiment: Experiment) -> dict[str, Any]:
    """How an experiment stands, as the audit log keeps it."""
    to = experiment.rolled_out_to
    return {
        "state": experiment.state,
        "phase": experiment.phase,
        "rolled_out_to": to.name if to else None,
        "weights": {arm.name: arm.weight for arm in experiment.arms.all()},
    }


def spoken(weights: dict[str, int]) -> str:
    """`control 1 · key_first 1`."""
    return " · ".join(f"{name} {weight}" for name, weight in weights.items())
