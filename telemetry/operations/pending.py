"""Work that waits in a row: the broker is only a doorbell.

A row is claimed in a short committed transaction, worked on outside of any, and settled by
compare-and-set on that claim, in one transaction with the effect. A killed worker's lease ends, and
the row is due again; its attempt counts.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, ClassVar, Self, TypeVar

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from telemetry.operations.bell import doorbell, ring_on_commit

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)
MOMENT = timedelta(seconds=1)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_DRAIN = timedelta(seconds=200)  # below the soft time limit of a task, with a whole lease to spare


class ClaimLost(Exception):
    """The lease ended, and somebody else has the row: what was done is not recorded."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What one drain did, in rows."""

    done: int = 0
    failed: int = 0
    dead: int = 0
    #: When the first row that somebody else holds will be due again, if any is held.
    held_until: datetime | None = None


Row = TypeVar("Row", bound="PendingWork")


class PendingWorkQuerySet(models.QuerySet[Row, Row]):
    """Rows of an inbox or an outbox, in sentences."""

    due_at: datetime | None = None

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone.due_at = self.due_at
        return clone

    def pending(self) -> Self:
        """What is not settled."""
        return self.filter(state=PendingWork.State.PENDING)

    def dead(self) -> Self:
        """What was given up."""
        return self.filter(state=PendingWork.State.DEAD)

    def due(self, now: datetime) -> Self:
        """What may be worked on at `now`: its time has come, and nobody holds it."""
        free = Q(lease_until=None) | Q(lease_until__lte=now)
        due = self.pending().filter(free, next_try_at__lte=now)
        due.due_at = now
        return due

    def held(self, now: datetime) -> Self:
        """What somebody is working on at `now`, or was when killed."""
        return self.pending().filter(lease_until__gt=now)

    def settled_before(self, moment: datetime) -> Self:
        """What was done before `moment`."""
        return self.filter(state=PendingWork.State.DONE, done_at__lt=moment)

    def queue(self, at: datetime, **fields: Any) -> Row:
        """A new row, due at once; the bell rings when the transaction stands."""
        row = self.create(next_try_at=at, **fields)
        row.ring()
        return row

    def drain(self) -> Drained:
        """Work on what `due(now)` found, one row at a time; a row that fails stops no other."""
        if self.due_at is None:
            raise ValueError("Say when: due(now).drain().")
        clock = Clock(self.due_at)
        ends: Counter[str] = Counter()
        while clock.elapsed() < LONGEST_DRAIN and (row := self._claim_one(clock())):
            ends[row.attend(clock)] += 1
        held = self.model._default_manager.all().held(clock()).order_by("lease_until").first()
        if held is None or held.lease_until is None:
            return Drained(ends["done"], ends["failed"], ends["dead"])
        # Who holds it may be dead: look again when the lease ends, not only at beat's next turn.
        doorbell.ring(self.model.drained_by, after=held.lease_until - clock() + MOMENT)
        return Drained(ends["done"], ends["failed"], ends["dead"], held.lease_until)

    def _claim_one(self, now: datetime) -> Row | None:
        """The next due row, held until the lease ends."""
        while True:
            with transaction.atomic(using=self.db, durable=True):
                rows = self.select_for_update(skip_locked=True).order_by("next_try_at", "pk")
                row = rows.first()
                if row is None or row.claim(now):
                    return row


class Clock:
    """The time as it goes on from a given moment: a drain takes longer than no time."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.started = monotonic()

    def elapsed(self) -> timedelta:
        """Since the given moment."""
        return timedelta(seconds=monotonic() - self.started)

    def __call__(self) -> datetime:
        return self.now + self.elapsed()


class PendingWork(models.Model):
    """A row of an inbox or an outbox.

    A subclass says in `perform` what is done, outside any transaction, and in `record` what is stored
    of it, in the transaction that settles the row.
    """

    class State(models.TextChoices):
        """Where the work stands."""

        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        DEAD = "dead", _("Dead")

    #: After so many attempts the row is dead, and an alert is open. A kill counts.
    max_attempts: ClassVar[int] = 5
    #: The name of the task that drains these rows.
    drained_by: ClassVar[str]
    #: Whether rows that are done stay for ever: they refuse what is told again.
    stays: ClassVar[bool] = False

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"))
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, default="")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    objects: ClassVar[PendingWorkQuerySet[Any]] = PendingWorkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="pending"), name="%(class)s_due")
        ]

    def perform(self, now: datetime) -> Any:
        """The work, outside any transaction; what it returns goes to `record`."""

    def record(self, outcome: Any, now: datetime) -> None:
        """The effect in our own database, in one transaction with the settling."""

    def failed(self, error: Exception, at: datetime) -> None:
        """Hear of an attempt that raised, after its transaction was undone."""

    @classmethod
    def pause_after(cls, attempts: int) -> timedelta:
        """How long a row rests after so many attempts that failed."""
        pause: timedelta = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
        return pause

    @classmethod
    def ring(cls) -> None:
        """Wake the workers when the surrounding transaction stands."""
        ring_on_commit(cls.drained_by)

    def this_claim(self) -> Q:
        """The row as we know it: nobody claimed it since. Each claim adds an attempt."""
        return Q(pk=self.pk, state=self.State.PENDING, attempts=self.attempts)

    def claim(self, now: datetime) -> bool:
        """Hold the row for a lease; False when somebody else was first."""
        if not self._move(attempts=self.attempts + 1, lease_until=now + LEASE):
            return False
        self.attempts += 1
        self.lease_until = now + LEASE
        return True

    def revive(self, at: datetime) -> bool:
        """Make a dead row due again, with all its attempts; False when it is not dead."""
        again = {"state": self.State.PENDING, "attempts": 0, "next_try_at": at, "lease_until": at}
        moved = type(self)._base_manager.filter(pk=self.pk, state=self.State.DEAD).update(**again)
        if moved:
            self.ring()
        return bool(moved)

    def attend(self, clock: Callable[[], datetime]) -> str:
        """Work on the claimed row and settle it: `done`, `failed` (to be tried again) or `dead`."""
        if self.attempts > self.max_attempts:  # the last attempt was killed
            return self._bury(self.last_error or "killed", clock())
        try:
            outcome = self.perform(clock())
            self._settle(outcome, clock())
        except Exception as error:
            # Whatever a row raises, the others go on; the class alone is kept: messages name people.
            logger.warning(
                "pending work failed",
                extra={"row": f"{self._meta.label_lower}:{self.pk}", "error": type(error).__qualname__},
            )
            self.failed(error, clock())
            return self._retry(type(error).__qualname__, clock())
        return "done"

    def _settle(self, outcome: Any, at: datetime) -> None:
        with transaction.atomic():
            if not self._move(state=self.State.DONE, done_at=at, lease_until=None, last_error=""):
                raise ClaimLost
            self.record(outcome, at)

    def _retry(self, error: str, at: datetime) -> str:
        if self.attempts >= self.max_attempts:
            return self._bury(error, at)
        # The lease is ended, not forgotten: a row once claimed is no longer the queued one of its kind.
        pause = self.pause_after(self.attempts)
        self._move(next_try_at=at + pause, lease_until=at, last_error=error)
        return "failed"

    def _bury(self, error: str, at: datetime) -> str:
        from telemetry.operations.models import Alert

        with transaction.atomic():
            if self._move(state=self.State.DEAD, lease_until=None, last_error=error):
                Alert.objects.raise_alert(
                    f"dead:{self._meta.label_lower}",
                    Alert.Severity.CRITICAL,
                    f"{self._meta.verbose_name_plural}: given up after {self.attempts} attempts ({error})",
                    at,
                )
        return "dead"

    def _move(self, **values: Any) -> bool:
        moved = type(self)._base_manager.filter(self.this_claim()).update(**values)
        return bool(moved)


def kinds_of_work() -> list[type[PendingWork]]:
    """Every inbox and outbox of the house."""
    return [model for model in apps.get_models() if issubclass(model, PendingWork)]
