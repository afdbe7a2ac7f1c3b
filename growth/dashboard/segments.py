"""How people use the product: the segments, as bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _, gettext_lazy

from growth.dashboard.behind import Having
from growth.dashboard.drawing import widths
from growth.dashboard.panels import Panel, Table
from growth.dashboard.reader import Figure, Reader
from growth.dashboard.scope import Scope
from growth.dashboard.wording import UNKNOWN, grouped, moment, percent
from telemetry.reading import once
from telemetry.segments.models import Segment
from telemetry.segments.properties import Group, segment_counts


@dataclass(frozen=True, slots=True)
class Bar:
    """How many people have one value."""

    label: str
    figure: Figure
    share: str
    width: float


@dataclass(frozen=True, slots=True)
class Bars:
    """The people by one property."""

    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Segments:
    """The people by each property that they are counted by."""

    properties: tuple[Bars, ...]
    people: Figure
    as_of: str
    nothing: str = ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        return _("%(people)s people, as of the last refresh: %(as_of)s.") % {
            "people": self.people,
            "as_of": self.as_of,
        }

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (_("Property"), _("Value"), _("People"), _("Share"))
        rows = (
            (each.label, bar.label, str(bar.figure), bar.share)
            for each in self.properties
            for bar in each.bars
        )
        return Table(header, tuple(rows))


def people_known(*, reported: bool) -> int:
    """How many people a refresh has met."""
    return once(("people known", reported), Segment.objects.among(reported=reported).count)


class SegmentsPanel(Panel):
    """How people use the product."""

    slug = "segments"
    title = gettext_lazy("How people use it")
    definition = gettext_lazy(
        "Everybody who has signed up, by what they did in the days before the last segment refresh; "
        "the chosen days do not matter here."
    )
    template = "admin/growth/panels/_segments.html"
    is_wide = True

    def answer(self, scope: Scope, reader: Reader) -> Segments:
        """Ask for the counts."""
        counts = segment_counts(reported=scope.reported_only)
        groups = list(counts.groups.values())
        people = sum(group.size for group in groups[0])
        nothing = ""
        if counts.as_of is None:
            nothing = _("Segments have not been refreshed yet. The worker does it hourly.")
        elif not people:
            nothing = _("No people are known yet.")
        elif reader.hides(people):
            nothing = _("Too few people to show: fewer than five are known.")
        return Segments(
            properties=tuple(draw(of_one, counts.as_of, people, scope, reader) for of_one in groups),
            people=reader.figure(people) if people else Figure(grouped(0), 0),
            as_of=moment(counts.as_of, scope.zone) if counts.as_of else UNKNOWN,
            nothing=nothing,
        )


def draw(
    groups: tuple[Group, ...], as_of: datetime | None, people: int, scope: Scope, reader: Reader
) -> Bars:
    """One property as the reader sees it."""
    figures = [
        reader.figure(g.size, Having(g.measure.name, g.value, as_of, scope.reported_only) if as_of else None)
        for g in groups
    ]
    lengths = widths([figure.value or 0 for figure in figures])
    bars = (
        Bar(group.label, figure, percent(figure.value, people), length)
        for group, figure, length in zip(groups, figures, lengths, strict=True)
    )
    return Bars(str(groups[0].measure.label), tuple(bars))
