"""The cohort triangle: of those who began, who came back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

from django.utils.translation import gettext as _, gettext_lazy

from growth.dashboard.behind import InTriangle
from growth.dashboard.coverage import consented
from growth.dashboard.panels import Panel, Table
from growth.dashboard.period import midnight, months_before
from growth.dashboard.reader import Figure, Reader
from growth.dashboard.scope import Scope
from growth.dashboard.wording import UNKNOWN, day, percent, share
from growth.questions import ACTIVITY, RetentionQuestion
from telemetry.analysis.retention import Anchor, CohortRow, Mode, Period as Pace, RetentionReport, retention

MOST_ROWS = 24
MOST_COLUMNS = 13
#: The shades of the heat map, above the blank one.
SHADES = 6

PACES = (
    (Pace.DAY, gettext_lazy("Days")),
    (Pace.WEEK, gettext_lazy("Weeks")),
    (Pace.MONTH, gettext_lazy("Months")),
)
MODES = ((Mode.ON, gettext_lazy("in that period")), (Mode.ON_OR_AFTER, gettext_lazy("in it or later")))


@dataclass(frozen=True, slots=True)
class Cell:
    """Who was there in the k-th period; not known before that period has ended."""

    figure: Figure
    share: str
    shade: int
    is_known: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A cohort: whoever began in one period."""

    label: str
    size: Figure
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Triangle:
    """The triangle as one reader sees it."""

    rows: tuple[Row, ...]
    means: tuple[str, ...]
    pace: Pace
    mode: Mode
    next_mean: float | None
    #: How much of the activity of the days that are shown a person's yes allowed.
    consented: str = ""
    cut: str = ""
    nothing: str = ""

    @property
    def columns(self) -> range:
        """k, the number of periods after the first."""
        return range(len(self.means))

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        if self.next_mean is None:
            return _("No period after the first has ended yet.")
        return _("On average %(share)s of a cohort were there one %(pace)s after they began.") % {
            "share": share(self.next_mean),
            "pace": self.pace.value,
        }

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (_("Cohort"), _("People"), *(part for k in self.columns for part in (f"{k}", f"{k} %")))
        rows = (
            (row.label, str(row.size), *(text for c in row.cells for text in (str(c.figure), c.share)))
            for row in self.rows
        )
        means = (_("Weighted mean"), "", *(part for mean in self.means for part in ("", mean)))
        covered = (_("Person-level consent"), self.consented, *("" for _column in header[2:]))
        return Table(header, (*rows, means, covered))


def first_day_of_rows(scope: Scope) -> date:
    """The first day of the range, moved up so that the triangle has at most `MOST_ROWS` rows."""
    period = scope.period
    if scope.pace == Pace.MONTH:
        earliest = months_before(period.last, MOST_ROWS - 1)
    elif scope.pace == Pace.WEEK:
        earliest = period.last - timedelta(days=period.last.weekday() + 7 * (MOST_ROWS - 1))
    else:
        earliest = period.last - timedelta(days=MOST_ROWS - 1)
    return max(period.first, earliest)


def columns_between(pace: Pace, first: date, today: date) -> int:
    """How many periods have begun from the first row's own to today's, `MOST_COLUMNS` at most."""
    count, day = 1, pace.first_day(first)
    while (day := pace.next_after(day)) <= today and count < MOST_COLUMNS:
        count += 1
    return count


def question_of(scope: Scope) -> RetentionQuestion:
    """Activity, period by period, of those whose first activity ever lies in the range."""
    first = first_day_of_rows(scope)
    return RetentionQuestion(
        cohort_event=ACTIVITY,
        return_event=ACTIVITY,
        period=scope.pace,
        periods=columns_between(scope.pace, first, scope.period.clock.today),
        mode=scope.mode,
        anchor=Anchor.FIRST_EVER,
        start=midnight(first, scope.zone),
        end=max(scope.period.end, midnight(first, scope.zone) + timedelta(microseconds=1)),
        as_of=scope.as_of,
        time_zone=scope.zone.key,
        population=scope.population,
    )


def row_label(cohort: date, pace: Pace) -> str:
    """A cohort's first day, or its month."""
    return f"{cohort:%b %Y}" if pace == Pace.MONTH else day(cohort)


class TrianglePanel(Panel):
    """Who comes back."""

    slug = "retention"
    title = gettext_lazy("Who comes back")
    definition = gettext_lazy(
        "A cohort is everybody whose first activity ever fell into one period. A cell is the share of it "
        "that was active again in the k-th period after; it is known once that whole period has ended."
    )
    template = "admin/growth/panels/_triangle.html"
    is_wide = True
    needs_days = True
    paces: ClassVar = PACES
    modes: ClassVar = MODES

    def answer(self, scope: Scope, reader: Reader) -> Triangle:
        """Ask for the triangle."""
        question = question_of(scope)
        spec = question.spec()
        report = retention(spec)
        known = [row for row in report.rows if row.size]
        people = sum(row.size for row in known)
        nothing = "" if known else _("Nobody began in these days.")
        if reader.hides(people):
            nothing = _("Too few people to show: fewer than five began in these days.")
        cut = ""
        if question.start > scope.period.start:
            cut = _("These are the latest %(rows)s cohorts of the chosen days.") % {"rows": len(report.rows)}
        types = (*spec.cohort_types, *spec.return_types)
        covered = consented(types, question.start, question.end, scope.population)
        return replace(draw(question, report, reader), nothing=nothing, cut=cut, consented=covered)


def draw(question: RetentionQuestion, report: RetentionReport, reader: Reader) -> Triangle:
    """The report as the reader sees it."""
    best = max((share_of(row, k) for row in report.rows for k in range(1, question.periods)), default=0.0)
    means = report.weighted_mean
    return Triangle(
        rows=tuple(draw_row(question, row, reader, best) for row in report.rows),
        means=tuple(share(mean) for mean in means),
        pace=question.period,
        mode=question.mode,
        next_mean=means[1] if len(means) > 1 else None,
    )


def share_of(row: CohortRow, k: int) -> float:
    """The share of a cohort in its k-th period; 0 where it is not known."""
    retained = row.retained[k]
    return retained / row.size if retained and row.size else 0.0


def draw_row(question: RetentionQuestion, row: CohortRow, reader: Reader, best: float) -> Row:
    """One cohort as the reader sees it; the shade is relative to the best return of the triangle."""
    cells = []
    for k, retained in enumerate(row.retained):
        figure = reader.figure(retained, InTriangle(question, row.cohort, k))
        level = 0 if k == 0 or not best else round(SHADES * share_of(row, k) / best)
        hidden = reader.hides(retained) or reader.hides(row.size)
        cells.append(
            Cell(
                figure=figure,
                share=UNKNOWN if hidden else percent(retained, row.size),
                shade=0 if hidden else max(level, 1 if retained and k else 0),
                is_known=retained is not None,
            )
        )
    size = reader.figure(row.size, InTriangle(question, row.cohort, None))
    return Row(row_label(row.cohort, question.period), size, tuple(cells))
