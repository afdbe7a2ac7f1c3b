"""Money: what was paid and what is left, by what led to it, to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from donations.events import Placement, Prompt
from donations.experiments import SUPPORT_HERO
from donations.money import Money
from donations.revenue import By, Revenue, Which, differences, revenue, totals
from growth.dashboard.behind_support import Payers
from growth.dashboard.panels import Panel, Table
from growth.dashboard.reader import Figure, Reader
from growth.dashboard.scope import Scope
from growth.dashboard.wording import UNKNOWN, grouped
from telemetry.experiments.models import Exposure

WORDS = {By.PLACEMENT: dict(Placement.choices), By.PROMPT: dict(Prompt.choices), By.VARIANT: {}}


@dataclass(frozen=True, slots=True)
class Row:
    """The money of one group, or of all of a currency."""

    label: str
    currency: str
    payments: Figure
    gross: Figure
    returned: Figure
    net: Figure
    payers: Figure
    net_payers: Figure
    returns: Figure
    per_payer: Figure
    per_exposed: Figure

    def cells(self) -> tuple[str, ...]:
        """As text."""
        figures = (
            self.payments, self.gross, self.returned, self.net,
            self.payers, self.net_payers, self.returns, self.per_payer, self.per_exposed,
        )  # fmt: skip
        return (self.label, self.currency, *map(str, figures))


@dataclass(frozen=True, slots=True)
class MoneyShown:
    """The money of the chosen days."""

    by: By
    rows: tuple[Row, ...]
    sums: tuple[Row, ...]
    #: How much the groups miss of the payments, by currency.
    differences: tuple[Money, ...]
    nothing: str = ""

    @property
    def by_arm(self) -> bool:
        """Whether the money stands beside the people who saw each arm."""
        return self.by == By.VARIANT

    @property
    def agrees(self) -> bool:
        """Whether every cent of the payments is shown, and none twice."""
        return not any(missed.amount for missed in self.differences)

    @property
    def reconciled(self) -> str:
        """What the comparison with the payments says."""
        missed = ", ".join(map(str, self.differences))
        shown = ", ".join(str(row.net) for row in self.sums)
        if self.agrees:
            return _("Equals the payments: %(shown)s shown, difference %(missed)s.") % {
                "shown": shown,
                "missed": missed,
            }
        return _("Does not equal the payments: %(shown)s in the payments, difference %(missed)s.") % {
            "shown": shown,
            "missed": missed,
        }

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        return "; ".join(
            _("%(net)s net of %(gross)s paid by %(payers)s people, %(returned)s went back")
            % {"net": row.net, "gross": row.gross, "payers": row.payers, "returned": row.returned}
            for row in self.sums
        )

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (
            str(self.by.label).capitalize(), _("Currency"), _("Payments"), _("Gross"), _("Went back"),
            _("Net"),
            _("Payers"), _("Net payers"), _("People with money back"), _("Net per net payer"),
            _("Net per viewer of the arm"),
        )  # fmt: skip
        blank = ("",) * (len(header) - 2)
        checked = (_("Reconciliation"), self.reconciled, *blank)
        return Table(header, (*(row.cells() for row in (*self.rows, *self.sums)), checked))


class MoneyPanel(Panel):
    """What was paid, what is left of it, and what led to it."""

    slug = "money"
    title = gettext_lazy("Money")
    definition = gettext_lazy(
        "Payments made in the chosen days, whoever made them, staff included, and what is left of them by "
        "now: a refund counts against the day of its payment. Lost disputes leave nothing. What led to a "
        "payment is kept with it. A person who paid twice is one payer."
    )
    template = "admin/growth/panels/_money.html"
    permission = "growth.view_money"
    is_wide = True
    choices = By.choices

    def answer(self, scope: Scope, reader: Reader) -> MoneyShown:
        """Ask the payments twice: by group, and as a whole."""
        by, period = scope.money_by, scope.period
        parts, wholes = revenue(period.start, period.end, by), totals(period.start, period.end)
        shown = Shown(scope, reader, exposed_by_arm() if by == By.VARIANT else {})
        return MoneyShown(
            by=by,
            rows=tuple(shown.row(part) for part in parts),
            sums=tuple(shown.row(whole) for whole in wholes),
            differences=differences(parts, wholes),
            nothing="" if wholes else _("Nothing was paid in these days."),
        )


def exposed_by_arm() -> dict[str, int]:
    """How many people ever saw each arm of the experiment on the ask."""
    seen = Exposure.objects.filter(experiment__key=SUPPORT_HERO).order_by().values("arm__name")
    return dict(seen.annotate(people=Count("pk")).values_list("arm__name", "people"))


@dataclass(frozen=True, slots=True)
class Shown:
    """How one reader sees money."""

    scope: Scope
    reader: Reader
    exposed: dict[str, int]

    def row(self, of: Revenue) -> Row:
        """One group of payments."""
        per_payer, exposed = of.net_per(of.net_payers), self.exposed.get(of.group or "", 0)
        known = None if self.reader.hides(of.net_payers) else per_payer
        return Row(
            label=self.label(of),
            currency=of.currency.upper(),
            payments=self.opened(of, grouped(of.payments), Which.PAID),
            gross=self.money(of, Money(of.gross, of.currency), Which.PAID),
            returned=self.money(of, Money(of.returned, of.currency), Which.RETURNED),
            net=self.money(of, Money(of.net, of.currency), Which.KEPT),
            payers=self.figure(of, of.payers, Which.PAID),
            net_payers=self.figure(of, of.net_payers, Which.KEPT),
            returns=self.figure(of, of.returns, Which.RETURNED),
            per_payer=self.money(of, known, Which.KEPT),
            per_exposed=self.money(of, of.net_per(exposed), Which.KEPT),
        )

    def label(self, of: Revenue) -> str:
        """What the group is called."""
        if of.group is None:
            return _("All payments")
        return str(WORDS[self.scope.money_by].get(of.group, of.group)) or _("none")

    def money(self, of: Revenue, money: Money | None, which: Which) -> Figure:
        """A sum, with the payments behind it; of nothing there are none."""
        if money is None or not money.amount:
            return Figure(UNKNOWN if money is None else str(money))
        return self.opened(of, str(money), which)

    def opened(self, of: Revenue, text: str, which: Which) -> Figure:
        """What payments come to, with the list of them for who may see it."""
        if not self.reader.may("donations.view_payment"):
            return Figure(text)
        period = self.scope.period
        asked = {
            "paid_at__gte": period.start.isoformat(),
            "paid_at__lt": period.end.isoformat(),
            "currency": of.currency,
        }
        if which != Which.PAID:
            asked["which"] = which.value
        if of.group is not None:
            asked[f"{self.scope.money_by.value}__exact"] = of.group
        return Figure(text, href=f"{reverse('admin:donations_payment_changelist')}?{urlencode(asked)}")

    def figure(self, of: Revenue, count: int, which: Which) -> Figure:
        """A count of people, with its link."""
        period, by = self.scope.period, self.scope.money_by
        return self.reader.figure(count, Payers(period.start, period.end, which, of.currency, by, of.group))
