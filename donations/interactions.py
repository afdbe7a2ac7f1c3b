"""What the product's own code calls: it speaks of accounts, and knows nothing of people and rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from donations.models import DonationInteraction, Supporter
from donations.models.interaction import InteractionType
from donations.statistics import UsageStats
from telemetry.people.models import Person

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def record_interaction(
    user: AbstractBaseUser,
    interaction_type: str,
    source: str = "",
    metrics: UsageStats | None = None,
    variant: str = "",
    *,
    prompt: str = "",
    choice: str = "",
    at: datetime | None = None,
) -> bool:
    """Write down that the account's person touched the support funnel, now unless stated.

    `metrics`: from `get_user_engagement_metrics`, read anew unless given. True: it was written.
    `ValueError` for a type, source or prompt that there is none of.
    """
    what = InteractionType(interaction_type)
    return DonationInteraction.objects.record(
        Person.objects.of_account(user),
        what,
        at=at or timezone.now(),
        placement=source,
        prompt=prompt,
        choice=choice,
        variant=variant,
        usage=metrics,
    )


def has_recent_donation_click(user: AbstractBaseUser, days: int = 30, *, at: datetime | None = None) -> bool:
    """Whether they followed a support link, or chose an amount or the key, within so many days."""
    since = (at or timezone.now()) - timedelta(days=days)
    clicked = DonationInteraction.objects.clicks().since(since)
    return clicked.filter(person__account=user.pk).exists()


def get_user_engagement_metrics(user: AbstractBaseUser, *, at: datetime | None = None) -> UsageStats:
    """Days since the sign-up, entries and hours, as of the last refresh; zeros for who is not known."""
    return UsageStats.of_account(user.pk, at=at or timezone.now())


def record_report_generated(user: AbstractBaseUser, *, at: datetime | None = None) -> None:
    """Count a report that the account's person viewed or exported; they may be asked once after it."""
    Supporter.objects.count_report(Person.objects.of_account(user), at=at or timezone.now())
