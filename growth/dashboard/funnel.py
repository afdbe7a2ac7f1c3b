"""The funnel: how far people come, and where they stop."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _, gettext_lazy

from growth.dashboard.behind import InFunnel
from growth.dashboard.coverage import consented
from growth.dashboard.panels import Panel, Table
from growth.dashboard.reader import Figure, Reader
from growth.dashboard.scope import Scope
from growth.dashboard.wording import UNKNOWN, duration, percent
from growth.funnels import Watched, watched_funnels
from growth.questions import FunnelQuestion
from telemetry.analysis.funnel import FunnelCell, FunnelReport, GroupReport, StepReport, funnel

BREAKDOWNS = {
    "placement": gettext_lazy("placement"),
    "variant": gettext_lazy("arm"),
    "prompt": gettext_lazy("prompt"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A step: who reached it, who is on the way to it, who stopped before it. Widths are percent of all."""

    number: int
    label: str
    reached: Figure
    in_progress: Figure
    dropped: Figure
    of_entered: str
    of_previous: str
    since_previous: str
    since_entry: str
    solid: float
    hatched: float
    light: float


@dataclass(frozen=True, slots=True)
class Group:
    """The steps of whoever entered with one value."""

    value: str
    reached: tuple[Figure, ...]
    converted: str


@dataclass(frozen=True, slots=True)
class Mature:
    """The funnel over those whose window has passed."""

    rate: str
    entered: Figure
    converted: Figure


@dataclass(frozen=True, slots=True)
class Drop:
    """Between which two steps most people stopped."""

    before: str
    after: str
    lost: Figure
    share: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The funnel as one reader sees it."""

    watched: Watched
    choices: tuple[Watched, ...]
    by: str
    bars: tuple[Bar, ...]
    groups: tuple[Group, ...]
    converted: Figure
    in_progress: Figure
    dropped: Figure
    largest_drop: Drop | None
    mature: Mature | None
    window: str
    #: How much of what its steps tell of these days a person's yes allowed.
    consented: str = ""
    nothing: str = ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        return _(
            "%(entered)s entered: %(converted)s came to the end, "
            "%(in_progress)s are still on their way, %(dropped)s stopped."
        ) % {
            "entered": self.bars[0].reached,
            "converted": self.converted,
            "in_progress": self.in_progress,
            "dropped": self.dropped,
        }

    @property
    def breakdowns(self) -> tuple[tuple[str, str], ...]:
        """By what else it can be told apart, with the words for it; empty when there is no choice."""
        names = self.watched.breakdowns
        return tuple((name, in_words(name)) for name in names) if len(names) > 1 else ()

    @property
    def told_apart_by(self) -> str:
        """What it is told apart by, in words."""
        return in_words(self.by)

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (
            _("Step"), _("Event"), _("Reached"), _("Of all who entered"), _("Of the step before"),
            _("Median from the step before"), _("Median from the entry"),
            _("Still on the way to it"), _("Stopped before it"),
        )  # fmt: skip
        rows = tuple(
            (
                str(bar.number), bar.label, str(bar.reached), bar.of_entered, bar.of_previous,
                bar.since_previous, bar.since_entry, str(bar.in_progress), str(bar.dropped),
            )
            for bar in self.bars
        )  # fmt: skip
        blank = ("",) * (len(header) - 4)
        groups = tuple(
            (_("Group"), group.value, " → ".join(map(str, group.reached)), group.converted, *blank)
            for group in self.groups
        )
        covered = (_("Person-level consent"), self.consented, *("" for _column in header[2:]))
        return Table(header, (*rows, *groups, covered))


def in_words(name: str) -> str:
    """What people call a property that funnels are told apart by."""
    return str(BREAKDOWNS.get(name, name))


class FunnelPanel(Panel):
    """How far people come."""

    slug = "funnel"
    title = gettext_lazy("How far people come")
    definition = gettext_lazy(
        "People who entered in the chosen days, each with their best attempt. Later steps may come after "
        "those days, within the window that begins at the entry."
    )
    template = "admin/growth/panels/_funnel.html"
    is_wide = True
    needs_days = True

    def answer(self, scope: Scope, reader: Reader) -> Drawn:
        """Ask for the chosen funnel."""
        choices = watched_funnels()
        watched = next((each for each in choices if each.slug == scope.funnel), choices[0])
        period = scope.period
        question = watched.question(period.start, period.end, scope.as_of, scope.population, scope.by)
        spec = question.spec()
        types = {each for step in spec.steps for each in step.types}
        drawn = draw(watched, choices, question, funnel(spec), reader)
        return replace(drawn, consented=consented(types, period.start, period.end, scope.population))


def draw(
    watched: Watched,
    choices: tuple[Watched, ...],
    question: FunnelQuestion,
    report: FunnelReport,
    reader: Reader,
) -> Drawn:
    """The report as the reader sees it."""
    return Drawn(
        watched=watched,
        choices=choices,
        by=question.breakdown or "",
        bars=tuple(
            draw_step(question, number, label, step, reader)
            for number, (label, step) in enumerate(zip(watched.labels, report.steps, strict=True), start=1)
        ),
        groups=tuple(draw_group(question, group, reader) for group in report.groups),
        largest_drop=largest_drop(watched, question, report, reader),
        converted=reader.figure(
            report.converted, InFunnel(question, FunnelCell("reached", len(report.steps)))
        ),
        in_progress=reader.figure(report.in_progress, InFunnel(question, FunnelCell("in_progress"))),
        dropped=reader.figure(report.dropped, InFunnel(question, FunnelCell("dropped"))),
        mature=maturity(question, report, reader),
        window=duration(watched.window.total_seconds()),
        nothing=why_nothing(report, reader),
    )


def draw_step(question: FunnelQuestion, number: int, label: object, step: StepReport, reader: Reader) -> Bar:
    """One step as the reader sees it; shares of a hidden count are hidden with it."""
    cell = InFunnel(question, FunnelCell("reached", number))
    reached = reader.figure(step.reached, cell)
    in_progress = dropped = Figure(UNKNOWN)
    if number > 1:
        in_progress = reader.figure(step.in_progress, InFunnel(question, FunnelCell("in_progress", number)))
        dropped = reader.figure(step.dropped, InFunnel(question, FunnelCell("dropped", number)))
    part = 100 / step.entered if step.entered else 0
    return Bar(
        number=number,
        label=str(label),
        reached=reached,
        in_progress=in_progress,
        dropped=dropped,
        of_entered=percent(reached.value, step.entered),
        of_previous=percent(reached.value, step.previous) if step.previous else UNKNOWN,
        since_previous=duration(step.median_seconds_from_previous),
        since_entry=duration(step.median_seconds_from_entry),
        solid=round((reached.value or 0) * part, 2),
        hatched=round((in_progress.value or 0) * part, 2),
        light=round((dropped.value or 0) * part, 2),
    )


def draw_group(question: FunnelQuestion, group: GroupReport, reader: Reader) -> Group:
    """One group as the reader sees it."""
    reached = tuple(
        reader.figure(step.reached, InFunnel(question, FunnelCell("reached", number, group.key)))
        for number, step in enumerate(group.steps, start=1)
    )
    value = _("all others") if group.is_rest else group.value if group.value is not None else _("no value")
    return Group(value, reached, percent(reached[-1].value, reached[0].value))


def largest_drop(
    watched: Watched, question: FunnelQuestion, report: FunnelReport, reader: Reader
) -> Drop | None:
    """The largest drop; None when nobody stopped on the way."""
    step = report.largest_drop
    if step is None or step.previous is None:
        return None
    number = next(i for i, each in enumerate(report.steps, start=1) if each is step)
    lost = reader.figure(step.dropped, InFunnel(question, FunnelCell("dropped", number)))
    before, after = map(str, watched.labels[number - 2 : number])
    return Drop(before, after, lost, percent(lost.value, step.previous))


def maturity(question: FunnelQuestion, report: FunnelReport, reader: Reader) -> Mature | None:
    """The rate that time will not change, and the people it is counted over; None while there are none."""
    mature = report.mature
    if not mature.entered:
        return None
    matured = replace(question, end=report.spec.matured.end)
    converted = reader.figure(mature.converted, InFunnel(matured, FunnelCell("reached", len(question.steps))))
    return Mature(
        rate=percent(converted.value, mature.entered),
        entered=reader.figure(mature.entered, InFunnel(matured, FunnelCell("reached", 1))),
        converted=converted,
    )


def why_nothing(report: FunnelReport, reader: Reader) -> str:
    """Why there is nothing to draw; empty when there is something."""
    if not report.entered:
        return _("Nobody entered this funnel in these days.")
    if reader.hides(report.entered):
        return _("Too few people to show: fewer than five entered.")
    return ""
