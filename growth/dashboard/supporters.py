"""Who supports the product now, and by what."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _, gettext_lazy

from donations.standing import Support, support_counts
from growth.dashboard.behind_support import Supports
from growth.dashboard.drawing import widths
from growth.dashboard.panels import Panel, Table
from growth.dashboard.reader import Figure, Reader
from growth.dashboard.scope import Scope
from growth.dashboard.segments import Bar
from growth.dashboard.wording import moment, percent


@dataclass(frozen=True, slots=True)
class Supporters:
    """The ways, as bars."""

    bars: tuple[Bar, ...]
    everybody: Figure
    as_of: str
    nothing: str = ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        return _("%(people)s supporters, as of %(as_of)s. One may support in several ways.") % {
            "people": self.everybody,
            "as_of": self.as_of,
        }

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (_("How"), _("People"), _("Share of the supporters"))
        return Table(header, tuple((bar.label, str(bar.figure), bar.share) for bar in self.bars))


class SupportersPanel(Panel):
    """Who is never asked again, and is thanked instead."""

    slug = "supporters"
    title = gettext_lazy("Supporters")
    definition = gettext_lazy(
        "Everybody who pays for a membership, has credit, gave in the twelve months before, or has a "
        "supporter key of their own. As of now: of a moment in the past only the dates are known."
    )
    template = "admin/growth/panels/_supporters.html"

    def answer(self, scope: Scope, reader: Reader) -> Supporters:
        """Ask for the counts."""
        at, population = scope.as_of, scope.population
        counts = support_counts(at, population.people())
        ways = [how for how in Support if how != Support.ANY]
        figures = [reader.figure(counts[how], Supports(how, at, population)) for how in ways]
        lengths = widths([figure.value or 0 for figure in figures])
        everybody = reader.figure(counts[Support.ANY], Supports(Support.ANY, at, population))
        bars = tuple(
            Bar(str(how.label), figure, percent(figure.value, everybody.value), length)
            for how, figure, length in zip(ways, figures, lengths, strict=True)
        )
        nothing = "" if counts[Support.ANY] else _("Nobody supports it yet.")
        return Supporters(bars, everybody, moment(at, scope.zone), nothing)
