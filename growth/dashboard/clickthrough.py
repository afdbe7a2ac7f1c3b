"""Click-through: of the people who saw an ask, how many followed it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _, gettext_lazy

from donations.clickthrough import ClickThrough, click_through
from growth.dashboard.behind_support import Touched
from growth.dashboard.panels import Panel, Table
from growth.dashboard.reader import Figure, Reader
from growth.dashboard.scope import Scope
from growth.dashboard.wording import percent


@dataclass(frozen=True, slots=True)
class Line:
    """One surface of the ask."""

    label: str
    seen: Figure
    dismissed: Figure
    followed: Figure
    both: Figure
    rate: str


@dataclass(frozen=True, slots=True)
class Lines:
    """All surfaces, in their order."""

    lines: tuple[Line, ...]
    nothing: str = ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        rates = (f"{line.label} {line.rate}" for line in self.lines if line.seen.value)
        return _("Of the people who saw it: %(rates)s.") % {"rates": ", ".join(rates) or _("not known")}

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (
            _("Where"),
            _("Saw it"),
            _("Dismissed it"),
            _("Followed it"),
            _("Saw and followed"),
            _("Rate"),
        )
        rows = (
            (line.label, str(line.seen), str(line.dismissed), str(line.followed), str(line.both), line.rate)
            for line in self.lines
        )
        return Table(header, tuple(rows))


class ClickThroughPanel(Panel):
    """Which asks are followed."""

    slug = "click-through"
    title = gettext_lazy("Which asks are followed")
    definition = gettext_lazy(
        "People, not clicks. Seen: the banner was on the screen, the support page was served, the prompt "
        "was shown; nobody knows who looked at what stands on every page. Followed: a link, the dialog, an "
        "amount or the key. The rate: of those who saw it in these days, how many followed it in these days."
    )
    template = "admin/growth/panels/_clickthrough.html"
    is_wide = True

    def answer(self, scope: Scope, reader: Reader) -> Lines:
        """Ask for all surfaces."""
        period = scope.period
        found = click_through(period.start, period.end, scope.population.people())
        lines = tuple(draw(each, scope, reader) for each in found if each.seen or each.followed)
        return Lines(lines, "" if lines else _("Nobody met an ask in these days."))


def draw(of: ClickThrough, scope: Scope, reader: Reader) -> Line:
    """One surface as the reader sees it."""

    def figure(what: str, count: int | None) -> Figure:
        period = scope.period
        return reader.figure(count, Touched(period.start, period.end, what, of.surface.key, scope.population))

    seen, both = figure("seen", of.seen), figure("both", of.both)
    return Line(
        label=str(of.surface.name),
        seen=seen,
        dismissed=figure("dismissed", of.dismissed),
        followed=figure("followed", of.followed),
        both=both,
        rate=percent(both.value, seen.value),
    )
