"""The cohorts and how many people are in each."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _, gettext_lazy

from growth.cohorts import cohort_as_of, cohort_sizes
from growth.dashboard.behind import Member
from growth.dashboard.drawing import widths
from growth.dashboard.panels import Panel, Table
from growth.dashboard.reader import Reader
from growth.dashboard.scope import Scope
from growth.dashboard.segments import Bar, people_known
from growth.dashboard.wording import moment, percent


@dataclass(frozen=True, slots=True)
class Cohorts:
    """All cohorts, the shipped ones first."""

    bars: tuple[Bar, ...]
    as_of: str
    unreadable: tuple[str, ...] = ()
    nothing: str = ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        return _("%(count)s cohorts, as of the last refresh: %(as_of)s. One may be in several.") % {
            "count": len(self.bars),
            "as_of": self.as_of,
        }

    @property
    def note(self) -> str:
        """Why some have no number; empty when all have."""
        if not self.unreadable:
            return ""
        names = ", ".join(self.unreadable)
        return _("Their rules cannot be read, so nobody knows who is in them: %(names)s.") % {"names": names}

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (_("Cohort"), _("People"), _("Share of everybody"))
        return Table(header, tuple((bar.label, str(bar.figure), bar.share) for bar in self.bars))


class CohortsPanel(Panel):
    """Who has something in common."""

    slug = "cohorts"
    title = gettext_lazy("Cohorts")
    definition = gettext_lazy(
        "People whose segment properties meet a cohort's rules, or who are on its list."
    )
    template = "admin/growth/panels/_cohorts.html"

    def answer(self, scope: Scope, reader: Reader) -> Cohorts:
        """Ask for the sizes."""
        as_of = cohort_as_of()
        if as_of is None:
            return Cohorts(
                (), "", nothing=_("Segments have not been refreshed yet. The worker does it hourly.")
            )
        sizes = cohort_sizes(reported_only=scope.reported_only)
        everybody = people_known(reported=scope.reported_only)
        figures = [reader.figure(each.size, Member(each.slug, as_of, scope.reported_only)) for each in sizes]
        lengths = widths([figure.value or 0 for figure in figures])
        bars = tuple(
            Bar(str(each.name), figure, percent(figure.value, everybody), length)
            for each, figure, length in zip(sizes, figures, lengths, strict=True)
        )
        unreadable = tuple(str(each.name) for each in sizes if each.size is None)
        return Cohorts(bars, moment(as_of, scope.zone), unreadable)
