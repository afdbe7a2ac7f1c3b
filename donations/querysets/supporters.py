"""What is known of people as supporters, in sentences; rows are made on first need."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import F, Q

from telemetry.people.models import Person

if TYPE_CHECKING:
    from donations.events import Prompt
    from donations.models.supporter import Supporter  # noqa: F401 - the base names it

#: How long nobody is asked after a click on support, and where after a dismissal.
REST = timedelta(days=30)
A_WEEK = timedelta(days=7)

#: What has to be true of the row besides, by the kind of prompt: they are used up.
ONCE: dict[str, dict[str, bool | None]] = {
    "after_report": {"after_report_armed_at__isnull": False},
    "seven_day": {"seven_day_shown_at": None},
}


class SupporterQuerySet(models.QuerySet["Supporter", "Supporter"]):
    """Supporters."""

    def of(self, person: Person) -> SupporterQuerySet:
        """The row of one person, which stands from now on."""
        self.bulk_create([self.model(person=person)], ignore_conflicts=True)
        return self.filter(pk=person.pk)

    def rest(self, person: Person, *, at: datetime) -> bool:
        """Ask nothing of somebody for thirty days from `at`; False when that holds for longer already."""
        until = at + REST
        earlier = Q(asks_rest_until=None) | Q(asks_rest_until__lt=until)
        moved = self.of(person).filter(earlier).update(asks_rest_until=until, after_report_armed_at=None)
        return bool(moved)

    def count_report(self, person: Person, *, at: datetime) -> None:
        """One report more, after which the person may be asked once."""
        self.of(person).update(reports_generated=F("reports_generated") + 1, after_report_armed_at=at)

    def claim_prompt(self, person: Person, kind: Prompt, *, at: datetime) -> bool:
        """Take the week's one prompt for this kind; False when another tab was faster, or it is not its turn.

        One statement compares and sets, so that of all who ask at once one is told to show it.
        """
        rested = Q(prompted_at=None) | Q(prompted_at__lte=at - A_WEEK)
        awake = Q(asks_rest_until=None) | Q(asks_rest_until__lte=at)
        free = self.of(person).filter(rested, awake, never_ask=False, **ONCE.get(kind.value, {}))
        # Whatever is shown, what waited for the next page has had its chance.
        shown = {"prompted_at": at, f"{kind.value}_shown_at": at, "after_report_armed_at": None}
        return bool(free.update(**shown))

    def drop_prompt(self, person: Person) -> None:
        """Forget that something was to be asked on the next page."""
        self.filter(pk=person.pk).update(after_report_armed_at=None)

    def dismiss(self, person: Person, placement: str, *, at: datetime) -> None:
        """Ask nothing at this placement for thirty days, on any device."""
        with transaction.atomic():
            row = self.of(person).select_for_update().get()
            row.dismissals = {**row.dismissals, placement: at.astimezone(UTC).isoformat()}
            row.save(update_fields=["dismissals"])

    def prefer(self, person: Person, *, never_ask: bool) -> None:
        """Never ask somebody again, or as everybody else."""
        self.of(person).update(never_ask=never_ask)
        if never_ask:
            self.drop_prompt(person)
