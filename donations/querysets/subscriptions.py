"""Subscriptions, in sentences."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models

if TYPE_CHECKING:
    from donations.models.subscription import Subscription  # noqa: F401 - of what the rows are
    from telemetry.people.models import Person


class SubscriptionQuerySet(models.QuerySet["Subscription", "Subscription"]):
    """Subscriptions, as last fetched."""

    def live(self) -> Self:
        """Those that Stripe goes on charging for."""
        return self.filter(status__in=self.model.LIVE)

    def of(self, person: Person) -> Self:
        """A person's."""
        return self.filter(person=person)

    def memberships(self) -> Self:
        """Those that give paid access; a smaller monthly gift gives none."""
        return self.filter(is_membership=True)

    def begun(self) -> Self:
        """Those whose first payment did not fail."""
        return self.exclude(status__in=self.model.NEVER_BEGAN)

    def not_fetched_since(self, moment: datetime) -> Self:
        """Those that may still change, and of which nothing was heard since."""
        return self.exclude(status__in=self.model.OVER).filter(fetched_at__lt=moment)
