"""The cards: a value, how it changed, and its line."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import cached_property
from django.utils.translation import gettext as _, gettext_lazy

from growth.dashboard.behind import Active, Having, Known, SignedUp
from growth.dashboard.coverage import consented
from growth.dashboard.drawing import Sparkline
from growth.dashboard.panels import Panel, Table
from growth.dashboard.pulse import Use, pulse, sign_ups, use_in
from growth.dashboard.reader import Figure, Reader
from growth.dashboard.scope import Scope
from growth.dashboard.segments import people_known
from growth.dashboard.wording import UNKNOWN, change, days, grouped, moment, percent
from growth.questions import ACTIVITY, types_named
from telemetry.analysis.counts import active_people
from telemetry.segments.models import SegmentWatermark
from telemetry.segments.properties import people_who


@dataclass(frozen=True, slots=True)
class Card:
    """One number of the top row."""

    slug: str
    title: str
    definition: str
    figure: Figure
    change: str
    direction: str
    basis: str
    as_of: str
    line: Sparkline | None = None
    #: Of how many, where `change` is a share.
    of: Figure | None = None

    @property
    def moved(self) -> str:
        """The change as text."""
        if self.of is None:
            return self.change
        return _("%(share)s of %(people)s") % {"share": self.change, "people": self.of}


@dataclass(frozen=True)
class Cards:
    """The top row."""

    cards: tuple[Card, ...]
    #: How much of the activity a person's yes allowed.
    consented: str
    nothing: str = ""

    @cached_property
    def summary(self) -> str:
        """The finding in a sentence."""
        return " · ".join(f"{card.title}: {card.figure} ({card.moved})" for card in self.cards)

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (_("Figure"), _("Value"), _("Change"), _("Counted over"), _("As of"), _("Definition"))
        rows = [(c.title, str(c.figure), c.moved, c.basis, c.as_of, c.definition) for c in self.cards]
        activity = next(card for card in self.cards if card.slug == "activity")
        definition = _("Share of the activity that a person's own yes, or the policy in its place, allowed.")
        covered = (_("Person-level consent"), self.consented, UNKNOWN)
        return Table(header, (*rows, (*covered, activity.basis, activity.as_of, definition)))


def compared(now: int, before: int | None, hidden: bool) -> tuple[str, str]:
    """The change in words, and its direction: up, down, or none."""
    if before is None or hidden:
        return UNKNOWN, ""
    direction = "" if now == before else "up" if now > before else "down"
    return change(now, before), direction


class CardsPanel(Panel):
    """How many are there, how many are new, what do they do, who is drifting away."""

    slug = "figures"
    title = gettext_lazy("At a glance")
    definition = gettext_lazy("Counts over the chosen days, beside as many days right before.")
    template = "admin/growth/panels/_cards.html"
    is_wide = True
    needs_days = True

    def answer(self, scope: Scope, reader: Reader) -> Cards:
        """Ask for the cards."""
        types, among = types_named(ACTIVITY), scope.population.people()
        beat = pulse(types, scope.period, among)
        used = Activity(scope, reader, types, use_in(types, scope.previous, among))
        return Cards(
            (
                used.people_card(beat.people),
                new_people(scope, reader),
                used.card(beat.events),
                at_risk(scope, reader),
            ),
            consented(types, scope.period.start, scope.period.end, scope.population),
        )


@dataclass(frozen=True, slots=True)
class Activity:
    """What counts as use of the product, now and before."""

    scope: Scope
    reader: Reader
    types: tuple[int, ...]
    before: Use | None

    def people_card(self, line: tuple[int, ...]) -> Card:
        """How many used the product."""
        start, end, population = self.scope.period.start, self.scope.period.end, self.scope.population
        now = active_people(self.types, start, end, population.people())
        before = self.before.people if self.before else None
        behind = Active(start, end, population)
        hidden = self.reader.hides(now) or self.reader.hides(before)
        return a_card(
            self.scope,
            "active",
            _("Active people"),
            _("People with at least one event that counts as use of the product."),
            self.reader.figure(now, behind),
            compared(now, before, hidden),
            line if not hidden else (),
        )

    def card(self, line: tuple[int, ...]) -> Card:
        """How much they did."""
        now, before = sum(line), self.before.events if self.before else None
        behind = Active(self.scope.period.start, self.scope.period.end, self.scope.population)
        opened = self.reader.figure(now, behind)
        return a_card(
            self.scope,
            "activity",
            _("Activity"),
            _("Events that count as use of the product; the link opens the people who sent them."),
            Figure(grouped(now), now, opened.href),
            compared(now, before, hidden=False),
            line,
        )


def a_card(
    scope: Scope,
    slug: str,
    title: str,
    definition: str,
    figure: Figure,
    moved: tuple[str, str],
    line: tuple[int, ...],
) -> Card:
    """A card over the scope's days."""
    return Card(
        slug=slug,
        title=title,
        definition=definition,
        figure=figure,
        change=moved[0],
        direction=moved[1],
        basis=days(scope.period.first, scope.period.last),
        as_of=moment(scope.as_of, scope.zone),
        line=Sparkline(line) if len(line) > 1 else None,
    )


def new_people(scope: Scope, reader: Reader) -> Card:
    """How many signed up, or else were first seen."""
    among = scope.population.people()
    line = sign_ups(scope.period, among)
    before = sum(sign_ups(scope.previous, among)) if scope.previous else None
    now = sum(line)
    hidden = reader.hides(now) or reader.hides(before)
    return a_card(
        scope,
        "new",
        _("New people"),
        _("People whose sign-up lies in these days; their first event where nobody stated a sign-up."),
        reader.figure(now, SignedUp(scope.period.start, scope.period.end, scope.population)),
        compared(now, before, hidden),
        line if not hidden else (),
    )


def at_risk(scope: Scope, reader: Reader) -> Card:
    """How many were active once and not in the last seven days, by the last refresh."""
    refreshed, reported = SegmentWatermark.objects.as_of(), scope.reported_only
    known = people_known(reported=reported) if refreshed else None
    risky = people_who(reported=reported, is_at_risk=True).count() if refreshed else None
    behind = Having("is_at_risk", True, refreshed, reported) if refreshed else None
    figure = reader.figure(risky, behind)
    return Card(
        slug="at-risk",
        title=_("At-risk people"),
        definition=_("Active at some time, and not in the seven days before the last segment refresh."),
        figure=figure,
        change=percent(figure.value, known),
        of=reader.figure(known, Known(refreshed, reported) if refreshed else None),
        direction="",
        basis=_("the last segment refresh"),
        as_of=moment(refreshed, scope.zone) if refreshed else UNKNOWN,
    )
