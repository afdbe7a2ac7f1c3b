"""The log of the support funnel: how it is written, and what is asked of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils import timezone

from donations.events import Placement, Prompt
from donations.statistics import UsageStats, days_since_sign_up, hours
from telemetry.log.track import track
from telemetry.people.models import Person

if TYPE_CHECKING:
    from donations.models.interaction import DonationInteraction, InteractionType


class DonationInteractionQuerySet(models.QuerySet["DonationInteraction", "DonationInteraction"]):
    """Touches of the support funnel."""

    def record(
        self,
        person: Person,
        what: InteractionType,
        *,
        at: datetime,
        placement: str = "",
        prompt: str = "",
        choice: str = "",
        variant: str = "",
        amount: int | None = None,
        currency: str | None = None,
        once: str | None = None,
        usage: UsageStats | None = None,
    ) -> bool:
        """Write one touch and its product event, together; False when its `once` was taken.

        With a click the asking rests for thirty days. `usage`: what is known of them, read unless given.
        `ValueError` for a placement or prompt that there is none of; `TypeError` where the event needs one.
        """
        led = {
            "placement": Placement(placement).value if placement else "",
            "prompt": Prompt(prompt).value if prompt else "",
            "choice": choice,
            "variant": variant,
        }
        money = {"amount": amount, "currency": currency}
        event = what.tell(**{name: value for name, value in {**led, **money}.items() if value})
        with transaction.atomic():
            known = known_of(person, at) if usage is None else usage.as_columns()
            row = self._put(once, person=person, interaction_type=what, created_at=at, **led, **known)
            if row is None:
                return False
            if what.is_a_click:
                from donations.models.supporter import Supporter

                Supporter.objects.rest(person, at=at)
            track(person, event, at=at, key=f"interaction:{row.pk}")
        return True

    def _put(self, once: str | None, **columns: Any) -> DonationInteraction | None:
        """The new row; None when what is counted once was counted."""
        if once is None:
            return self.create(**columns)
        row, made = self.get_or_create(once=once, defaults=columns)
        return row if made else None

    def clicks(self) -> DonationInteractionQuerySet:
        """Those that show an intent to give."""
        return self.filter(interaction_type__in=self.model.CLICKS)

    def since(self, at: datetime) -> DonationInteractionQuerySet:
        """After a moment."""
        return self.filter(created_at__gt=at)

    def older_than(self, at: datetime) -> DonationInteractionQuerySet:
        """Before a moment: what may be pruned."""
        return self.filter(created_at__lt=at)


def known_of(person: Person, at: datetime) -> dict[str, Any]:
    """The columns that keep how much somebody had used the product by then; one query."""
    read = Person.objects.filter(pk=person.pk)
    seconds, entries = read.values_list("segment__seconds_tracked", "segment__entries_all_time").get()
    return {
        "time_entries_count": entries or 0,
        "days_since_signup": days_since_sign_up(person, at),
        "total_hours": hours(seconds or 0),
    }


def seen_on(person: Person, placement: str, at: datetime) -> str:
    """The `once` of an impression: one a person, day of the project's calendar and placement."""
    day: date = timezone.localtime(at, timezone.get_default_timezone()).date()
    return f"seen:{person.pk}:{day:%Y-%m-%d}:{placement}"
