"""What somebody pays, what they get for it, and what they gave: as their settings show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from donations.models import Payment, StripeCustomer, Subscription, Supporter
from donations.money import Money
from telemetry.people.models import Person

#: Payments on the page; all of them are in the copy of one's data, and at Stripe.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Membership:
    """One person's standing at one moment.

    `has_access`: whether they may use what is paid for, by whatever right; `credit_until`: by credit until
    then. `may_manage`: whether Stripe knows them, so that there is a portal to send them to.
    """

    has_access: bool = False
    credit_until: datetime | None = None
    subscription: Subscription | None = None
    payments: tuple[Payment, ...] = ()
    has_more: bool = False
    may_manage: bool = False

    @classmethod
    def of(cls, person: Person | None, *, at: datetime) -> Membership:
        """As we know it; nothing for nobody. Four queries."""
        if person is None:
            return cls()
        supporter = Supporter.objects.filter(person=person).first() or Supporter(person=person)
        paid = list(
            Payment.objects.of(person).select_related("subscription").order_by("-paid_at", "-pk")[: SHOWN + 1]
        )
        live = (
            Subscription.objects.live().of(person).filter(duplicate_of=None).order_by("-is_membership", "pk")
        )
        credit = supporter.credit_until
        return cls(
            has_access=supporter.has_paid_access(at),
            credit_until=credit if credit is not None and credit > at else None,
            subscription=live.first(),
            payments=tuple(paid[:SHOWN]),
            has_more=len(paid) > SHOWN,
            may_manage=StripeCustomer.objects.usable_by(person).exists(),
        )

    @property
    def money(self) -> Money | None:
        """What they pay a month."""
        paid = self.subscription
        return Money(paid.amount, paid.currency) if paid is not None else None

    @property
    def is_past_due(self) -> bool:
        """Whether the last renewal failed."""
        return self.subscription is not None and self.subscription.status == Subscription.Status.PAST_DUE

    @property
    def ends_at(self) -> datetime | None:
        """When it ends because they cancelled."""
        return self.subscription.cancel_at if self.subscription is not None else None
