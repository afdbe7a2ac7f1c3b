"""Who supports the product at a moment, and by what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from donations.models import Supporter
from donations.models.supporter import Tier
from donations.visibility import GIFT
from telemetry.people.models import Person


class Support(models.TextChoices):
    """By what somebody supports it; one person may in several ways."""

    PAID = "paid", _("Pay for a membership")
    GRACE = "grace", _("Of these in grace: a renewal failed")
    CREDIT = "credit", _("Have credit")
    GIFT = "gift", _("Gave in the last twelve months")
    KEY = "key", _("Have a supporter key")
    ANY = "any", _("Any of these")

    def holds(self, at: datetime) -> Q:
        """The condition on a supporter's row."""
        member = Q(tier=Tier.PAID) & (Q(grace_until=None) | Q(grace_until__gt=at))
        key = Q(
            person__supporter_keys__verified_at__isnull=False, person__supporter_keys__deactivated_at=None
        )
        conditions = {
            "paid": member,
            "grace": Q(tier=Tier.PAID, grace_until__gt=at),
            "credit": Q(credit_until__gt=at),
            "gift": Q(last_gift_at__gt=at - GIFT),
            "key": key,
        }
        if self == Support.ANY:
            return conditions["paid"] | conditions["credit"] | conditions["gift"] | conditions["key"]
        return conditions[self.value]


def supporting(how: Support, at: datetime, among: QuerySet[Person] | None) -> QuerySet[Person]:
    """The people who support it so at `at`, once each."""
    rows = _among(among).filter(how.holds(at))
    return Person.objects.filter(pk__in=rows.values("pk"))


def support_counts(at: datetime, among: QuerySet[Person] | None) -> dict[Support, int]:
    """How many people support it in each way at `at`. One query."""
    counted: dict[str, Any] = {how.value: Count("pk", distinct=True, filter=how.holds(at)) for how in Support}
    read = _among(among).aggregate(**counted)
    return {how: read[how.value] for how in Support}


def _among(people: QuerySet[Person] | None) -> QuerySet[Supporter]:
    return Supporter.objects.all() if people is None else Supporter.objects.filter(person__in=people)
