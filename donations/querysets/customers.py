"""Whom Stripe knows, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef

from telemetry.people.models import Person

if TYPE_CHECKING:
    from donations.models.customer import StripeCustomer


class StripeCustomerQuerySet(models.QuerySet["StripeCustomer", "StripeCustomer"]):
    """Customers at Stripe."""

    def usable_by(self, person: Person) -> StripeCustomerQuerySet:
        """Those that Stripe still knows, in the world that our key opens; the newest first."""
        theirs = self.filter(person=person, deleted_at=None, livemode=settings.STRIPE_LIVEMODE)
        return theirs.order_by("-created_at", "-pk")

    def portal_of(self, person: Person) -> StripeCustomer | None:
        """The one whose portal they want to see: who pays a membership, else the newest."""
        from donations.models.subscription import Subscription

        pays = Subscription.objects.filter(customer=OuterRef("pk"), status__in=Subscription.LIVE)
        return self.usable_by(person).order_by(Exists(pays).desc(), "-created_at", "-pk").first()
