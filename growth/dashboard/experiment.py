"""An experiment by arm: who saw it, and what they did then. Counts and rates, no verdict."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _, gettext_lazy

from growth.dashboard.behind_support import TRIED, InArm, InSeveralArms
from growth.dashboard.panels import Panel, Table
from growth.dashboard.reader import Figure, Reader
from growth.dashboard.scope import Scope
from growth.dashboard.wording import percent
from growth.questions import types_named
from telemetry.experiments.models import Experiment
from telemetry.experiments.outcomes import ArmOutcome, Trial, outcomes

NOBODY = Figure("0", 0)


@dataclass(frozen=True, slots=True)
class Share:
    """How many took a step, and of those who saw the arm how much that is."""

    people: Figure
    rate: str


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm."""

    name: str
    exposed: Figure
    steps: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """An experiment as one reader sees it."""

    experiment: Experiment | None
    choices: tuple[Experiment, ...]
    arms: tuple[Arm, ...] = ()
    several: Figure = NOBODY
    nothing: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """What the steps are called."""
        return tuple(str(label) for _event, label in TRIED.values())

    @property
    def state(self) -> str:
        """Where the experiment stands."""
        return str(self.experiment.get_state_display()) if self.experiment else ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        shown = ", ".join(f"{arm.name}: {arm.exposed} → {arm.steps[-1].people}" for arm in self.arms)
        return _("From those who saw it to those who paid, by arm: %(shown)s.") % {"shown": shown}

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        steps = [title for label in self.labels for title in (label, _("%(step)s, rate") % {"step": label})]
        rows = tuple(
            (arm.name, str(arm.exposed), *(text for s in arm.steps for text in (str(s.people), s.rate)))
            for arm in self.arms
        )
        return Table((_("Arm"), _("Saw it"), *steps), rows)


class ExperimentPanel(Panel):
    """What people did who saw an arm."""

    slug = "experiment"
    title = gettext_lazy("Experiment")
    definition = gettext_lazy(
        "People who first saw their arm in the chosen days, by the arm they were given, and what they did at "
        "that moment or later; steps need not be taken in order. Whoever saw several arms is left out. "
        "A difference may be chance: this is no verdict."
    )
    template = "admin/growth/panels/_experiment.html"
    is_wide = True

    def answer(self, scope: Scope, reader: Reader) -> Tried:
        """Ask for the chosen experiment, else for the one that was started last."""
        started = Experiment.objects.exclude(state=Experiment.State.DRAFT).order_by("-started_at", "key")
        choices = tuple(started.prefetch_related("arms"))
        if not choices:
            return Tried(None, (), nothing=_("No experiment has been started yet."))
        experiment = next((each for each in choices if each.key == scope.experiment), choices[0])
        return of(experiment, choices, scope, reader)


def of(experiment: Experiment, choices: tuple[Experiment, ...], scope: Scope, reader: Reader) -> Tried:
    """One experiment as the reader sees it."""
    period = scope.period
    trial = Trial(experiment, period.start, period.end, scope.as_of, scope.population.people())
    steps = {name: types_named(event) for name, (event, _label) in TRIED.items()}
    found = outcomes(trial, steps)
    return Tried(
        experiment=experiment,
        choices=choices,
        arms=tuple(draw(each, trial, scope, reader) for each in found),
        several=reader.figure(trial.multiply_exposed(), InSeveralArms(experiment.key)),
        nothing="" if any(each.exposed for each in found) else _("Nobody first saw it in these days."),
    )


def draw(arm: ArmOutcome, trial: Trial, scope: Scope, reader: Reader) -> Arm:
    """One arm as the reader sees it."""

    def figure(step: str | None, count: int) -> Figure:
        behind = InArm(
            trial.experiment.key, arm.arm, step, trial.start, trial.end, trial.as_of, scope.population
        )
        return reader.figure(count, behind)

    exposed = figure(None, arm.exposed)
    reached = [figure(step, arm.reached[step]) for step in TRIED]
    return Arm(arm.arm, exposed, tuple(Share(each, percent(each.value, exposed.value)) for each in reached))
