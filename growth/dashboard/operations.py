"""How the house itself fares: its jobs, late ones first, and its open alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from growth.dashboard.panels import Panel, Table
from growth.dashboard.reader import Reader
from growth.dashboard.scope import Scope
from growth.dashboard.wording import UNKNOWN, duration, moment
from growth.schedule import lateness
from telemetry.operations.models import Alert, Heartbeat
from telemetry.reading import once

MOST_ALERTS = 10


@dataclass(frozen=True, slots=True)
class Job:
    """A job: how it fares in a word, when it last ended well and how long that took."""

    name: str
    state: str
    word: str
    ended: str
    took: str
    error: str


@dataclass(frozen=True, slots=True)
class Jobs:
    """All jobs, late ones first."""

    jobs: tuple[Job, ...]
    late: int
    failing: int
    waiting: int
    nothing: str = ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        return " ".join(filter(None, (self._gone_wrong, self._still_to_run))) or _(
            "Every job ran when it should."
        )

    @property
    def _gone_wrong(self) -> str:
        if not self.late and not self.failing:
            return ""
        late = ngettext("%(count)s job is late", "%(count)s jobs are late", self.late) % {"count": self.late}
        failing = ngettext("%(count)s failed last time", "%(count)s failed last time", self.failing) % {
            "count": self.failing
        }
        return f"{late}, {failing}."

    @property
    def _still_to_run(self) -> str:
        if not self.waiting:
            return ""
        if self.waiting == len(self.jobs):
            return _("No job has run yet.")
        return ngettext(
            "%(count)s job has not run yet.", "%(count)s jobs have not run yet.", self.waiting
        ) % {"count": self.waiting}

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (_("Job"), _("State"), _("Last good end"), _("Took"), _("Last error"))
        return Table(header, tuple((job.name, job.word, job.ended, job.took, job.error) for job in self.jobs))


class JobsPanel(Panel):
    """Whether everything runs when it should."""

    slug = "jobs"
    title = gettext_lazy("Jobs")
    definition = gettext_lazy(
        "A job is late when its last good end lies further back than its schedule allows. Always as of now."
    )
    template = "admin/growth/panels/_jobs.html"
    permission = "telemetry.view_heartbeat"

    def answer(self, scope: Scope, reader: Reader) -> Jobs:
        """Ask for the jobs."""
        rows = list(Heartbeat.objects.with_lateness(lateness(), timezone.now()))
        jobs = tuple(draw_job(row, scope) for row in rows)
        return Jobs(
            jobs=jobs,
            late=sum(row.is_late for row in rows),
            failing=sum(row.is_failing for row in rows),
            waiting=sum(job.state == "waiting" for job in jobs),
            nothing="" if rows else _("No job has run yet. Is the worker running?"),
        )


def draw_job(row: Heartbeat, scope: Scope) -> Job:
    """One job as staff see it."""
    state, word = "ok", _("on time")
    if row.is_late:
        state, word = "late", _("late")
    elif row.is_failing:
        state, word = "failing", _("failed")
    elif row.finished_at is None:
        state, word = "waiting", _("has not run yet")
    return Job(
        name=row.job,
        state=state,
        word=word,
        ended=moment(row.finished_at, scope.zone) if row.finished_at else UNKNOWN,
        took=took(row.seconds),
        error=row.last_error if row.is_failing else "",
    )


def took(seconds: float | None) -> str:
    """How long a run took; under ten seconds to the millisecond."""
    if seconds is None or seconds >= 10:
        return duration(seconds)
    return f"{timedelta(seconds=seconds).total_seconds():.3f} s"


@dataclass(frozen=True, slots=True)
class Seen:
    """An open alert."""

    pk: int
    key: str
    severity: str
    word: str
    message: str
    count: int
    last_seen: str


@dataclass(frozen=True, slots=True)
class Alerts:
    """The open alerts, critical ones first."""

    alerts: tuple[Seen, ...]
    more: int
    nothing: str = ""

    @property
    def summary(self) -> str:
        """The finding in a sentence."""
        total = len(self.alerts) + self.more
        return ngettext("%(count)s alert is open.", "%(count)s alerts are open.", total) % {"count": total}

    def table(self) -> Table:
        """Everything that is shown, as rows."""
        header = (_("Alert"), _("Severity"), _("Message"), _("Times seen"), _("Last seen"))
        rows = ((seen.key, seen.word, seen.message, str(seen.count), seen.last_seen) for seen in self.alerts)
        return Table(header, tuple(rows))


def open_alerts() -> list[Alert]:
    """Whatever nobody has resolved, the gravest first."""
    return once("open alerts", lambda: list(Alert.objects.open().order_by("severity", "-last_seen_at")))


class AlertsPanel(Panel):
    """What staff should know."""

    slug = "alerts"
    title = gettext_lazy("Alerts")
    definition = gettext_lazy("Whatever was found wrong and nobody has resolved. Always as of now.")
    template = "admin/growth/panels/_alerts.html"
    permission = "telemetry.view_alert"

    def answer(self, scope: Scope, reader: Reader) -> Alerts:
        """Ask for the open alerts."""
        rows = open_alerts()
        seen = (
            Seen(
                row.pk, row.key, row.severity, row.get_severity_display(), row.message, row.count,
                moment(row.last_seen_at, scope.zone),
            )
            for row in rows[:MOST_ALERTS]
        )  # fmt: skip
        nothing = "" if rows else _("Nothing is open.")
        return Alerts(tuple(seen), max(0, len(rows) - MOST_ALERTS), nothing)
