"""How far introductions carry: from the opened link to the membership, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from growth.dashboard.behind import SignedUp
from growth.dashboard.behind_referrals import Brought, Rewarded
from growth.dashboard.drawing import widths
from growth.dashboard.operations import open_alerts
from growth.dashboard.panels import Panel, Table
from growth.dashboard.reader import Figure, Reader
from growth.dashboard.scope import Scope
from growth.dashboard.segments import Bar
from growth.dashboard.wording import UNKNOWN, days, duration, grouped, hundredths, percent, share
from referrals.figures import ACCEPTED_STEP, CONFIRMED, PAID, SIGNED_UP, STEPS, CodeReport, Span

LABELS = {
    SIGNED_UP: gettext_lazy("Signed up"),
    CONFIRMED: gettext_lazy("Confirmed the address"),
    PAID: gettext_lazy("Became members"),
}
MOST_CODES = 10


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure that says what it means."""

    label: str
    figure: Figure
    meaning: str


@dataclass(frozen=True, slots=True)
class Referrals:
    """The steps as bars, and what is computed of them."""

    bars: tuple[Bar, ...]
    facts: tuple[Fact, ...]
    basis: str
    nothing: str = ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        steps = ", ".join(f"{bar.label}: {bar.figure}" for bar in self.bars)
        return f"{steps}. {self.basis}."

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (_("Figure"), _("Value"), _("Share"), _("Definition"))
        bars = ((bar.label, str(bar.figure), bar.share, "") for bar in self.bars)
        facts = ((fact.label, str(fact.figure), "", fact.meaning) for fact in self.facts)
        return Table(header, (*bars, *facts))


class ReferralsPanel(Panel):
    """What comes of people bringing friends."""

    slug = "referrals"
    title = gettext_lazy("From an opened link to a member")
    definition = gettext_lazy(
        "Openings of links are counted without a name, one visitor may open several. Friends are counted by"
        " the day they signed up on, and by how far they had come at the moment of the reading."
    )
    template = "admin/growth/panels/_referrals.html"
    is_wide = True

    def answer(self, scope: Scope, reader: Reader) -> Referrals:
        """Ask for the figures."""
        span = span_of(scope)
        opened, reached = span.opened(), span.counts()
        figures = [Figure(grouped(opened), opened, openings(reader, span) if opened else "")]
        figures += [reader.figure(reached[step], brought(scope, step)) for step in STEPS]
        lengths = widths([figure.value or 0 for figure in figures])
        labels = (_("Link opened (counted clicks)"), *(str(LABELS[step]) for step in STEPS))
        # One person may open a link many times: what is a share of people begins at the sign-up.
        shares = [UNKNOWN] + [percent(figure.value, figures[1].value) for figure in figures[1:]]
        bars = map(Bar, labels, figures, shares, lengths)
        nothing = "" if opened or reached[SIGNED_UP] else _("Nobody came by a link on these days.")
        confirmed = figures[2].href
        facts = (*loop(scope, reader, span, confirmed), *cost(scope, reader, span), refunds(reader))
        return Referrals(
            tuple(bars), () if nothing else facts, days(scope.period.first, scope.period.last), nothing
        )


def span_of(scope: Scope) -> Span:
    """The days of the reading, as introductions are counted."""
    return Span(scope.period.start, scope.period.end, scope.as_of, scope.population.people())


def brought(scope: Scope, step: str, code: str | None = None) -> Brought:
    """The friends behind a number."""
    return Brought(step, scope.period.start, scope.period.end, scope.as_of, scope.population, code)


def openings(reader: Reader, span: Span, code: int | None = None) -> str:
    """Where the openings of these days are listed, of one code if it is named, for who may see codes."""
    if not reader.may("referrals.view_referralcode"):
        return ""
    first, last = span.days
    asked = {"day__gte": first.isoformat(), "day__lte": last.isoformat()}
    if code is not None:
        asked["code__id__exact"] = str(code)
    return f"{reverse('admin:referrals_referralclick_changelist')}?{urlencode(asked)}"


def loop(scope: Scope, reader: Reader, span: Span, confirmed: str) -> tuple[Fact, ...]:
    """How many people one person brings, and how soon; `confirmed` is where those of the cycle are listed."""
    factor = span.k_factor()
    people = reader.figure(factor.people, SignedUp(scope.period.start, scope.period.end, scope.population))
    accepted = reader.figure(factor.accepted, brought(scope, ACCEPTED_STEP))
    hidden = reader.hides(factor.accepted) or reader.hides(factor.people)
    limit = UNKNOWN if hidden or factor.limit is None else grouped(round(factor.limit))
    return (
        Fact(
            _("k-factor"),
            Figure(hundredths(None if hidden else factor.k), None, accepted.href),
            _(
                "Friends accepted for each person who signed up on these days: invitations each, times the"
                " share of them that was accepted. Only friends who confirmed and passed every check count."
            ),
        ),
        Fact(_("People of the cohort"), people, _("Who signed up on these days, by a link or without.")),
        Fact(_("Friends they brought"), accepted, _("Accepted, up to the moment of the reading.")),
        Fact(
            _("Invitations each (i)"),
            Figure(hundredths(None if hidden else factor.invites_each), None, people.href),
            _("Counted openings of their links, for each of them."),
        ),
        Fact(
            _("Accepted (c)"),
            Figure(UNKNOWN if hidden else share(factor.acceptance), None, accepted.href),
            _("Friends accepted, of openings counted."),
        ),
        Fact(
            _("The cohort in the end"),
            Figure(limit, None, people.href),
            _("People / (1 - k), if each whom they bring brings as many. It has no end from k = 1 on."),
        ),
        Fact(
            _("Cycle time"),
            Figure(duration(None if hidden else span.cycle_seconds()), None, confirmed),
            _("Median from the sign-up of who invited to that of who came, of friends who confirmed."),
        ),
    )


def cost(scope: Scope, reader: Reader, span: Span) -> tuple[Fact, ...]:
    """What rewards cost, in days."""
    spent = span.cost()
    count = span.rewarded().count()
    rewarded = reader.figure(
        count, Rewarded(scope.period.start, scope.period.end, scope.as_of, scope.population)
    )
    # A reward is so many days: from the days of a few, or taken from a few, it follows how few they are.
    hidden = reader.hides(count or int(bool(spent.given or spent.taken)))
    given, taken = (UNKNOWN, UNKNOWN) if hidden else (grouped(spent.given), grouped(spent.taken))
    return (
        Fact(
            _("Days that rewards cost"),
            Figure(UNKNOWN) if hidden else Figure(grouped(spent.net), spent.net, rewarded.href),
            _("%(given)s given on these days, %(taken)s taken back; days, not money.")
            % {"given": given, "taken": taken},
        ),
        Fact(_("People rewarded"), rewarded, _("On either side of an introduction.")),
    )


def refunds(reader: Reader) -> Fact:
    """Whether somebody's friends have their money back too often."""
    told = sum(alert.key.startswith("referrals.refunds:") for alert in open_alerts())
    page = f"{reverse('admin:telemetry_alert_changelist')}?q=referrals.refunds&resolved_at__isempty=1"
    href = page if told and reader.may("telemetry.view_alert") else ""
    return Fact(
        _("Alerts of refunds"),
        Figure(grouped(told), told, href),
        _("People of whose friends a quarter, of four at least, had their money back. Always as of now."),
    )


@dataclass(frozen=True, slots=True)
class OfCode:
    """What one code brought."""

    code: str
    href: str
    opened: Figure
    steps: tuple[Figure, ...]
    converted: str


@dataclass(frozen=True, slots=True)
class ByCode:
    """The codes that brought most."""

    codes: tuple[OfCode, ...]
    header: tuple[str, ...]
    basis: str
    nothing: str = ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        best = self.codes[0]
        said = {"code": best.code, "paid": best.steps[-1], "basis": self.basis}
        return _("%(code)s brought most: members by it: %(paid)s. %(basis)s.") % said

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        rows = ((c.code, str(c.opened), *map(str, c.steps), c.converted) for c in self.codes)
        return Table(self.header, tuple(rows))


class ReferralCodesPanel(Panel):
    """Which codes bring people."""

    slug = "referral-codes"
    title = gettext_lazy("Conversion by code")
    definition = gettext_lazy(
        "The ten codes that brought most on these days; converted: members, of friends who confirmed."
    )
    template = "admin/growth/panels/_referral_codes.html"
    is_wide = True
    permission = "referrals.view_referralcode"

    def answer(self, scope: Scope, reader: Reader) -> ByCode:
        """Ask for the codes."""
        span = span_of(scope)
        codes = tuple(of_code(scope, reader, span, report) for report in span.by_code(MOST_CODES))
        header = (_("Code"), _("Link opened"), *(str(LABELS[step]) for step in STEPS), _("Converted"))
        nothing = "" if codes else _("Nobody came by a link on these days.")
        return ByCode(codes, header, days(scope.period.first, scope.period.last), nothing)


def of_code(scope: Scope, reader: Reader, span: Span, report: CodeReport) -> OfCode:
    """One code as the reader sees it."""
    steps = [
        reader.figure(count, brought(scope, step, report.code))
        for step, count in zip(STEPS, report.steps, strict=True)
    ]
    _signed_up, confirmed, paid = steps
    page = reverse("admin:referrals_referralcode_change", args=[report.pk])
    href = openings(reader, span, report.pk) if report.opened else ""
    opened = Figure(grouped(report.opened), report.opened, href)
    return OfCode(report.code, page, opened, tuple(steps), percent(paid.value, confirmed.value))
