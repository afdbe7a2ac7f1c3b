"""What was paid, what is left of it and what led to it: read from the payments, so that it cannot drift."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from donations.models import Payment
from donations.money import Money
from telemetry.people.models import Person

#: What is left of a payment; nothing once a dispute is lost.
LEFT = Case(
    When(dispute=Payment.Dispute.LOST, then=Value(0)),
    default=F("amount") - F("amount_refunded"),
    output_field=IntegerField(),
)


class By(models.TextChoices):
    """What money is told apart by: the columns that keep what led to it."""

    PLACEMENT = "placement", _("placement")
    VARIANT = "variant", _("arm")
    PROMPT = "prompt", _("prompt")


class Which(models.TextChoices):
    """Of which payments."""

    PAID = "paid", _("Paid")
    KEPT = "kept", _("Paid, and not all went back")
    RETURNED = "returned", _("Money went back")


@dataclass(frozen=True, slots=True)
class Revenue:
    """The payments of one currency, and of one group of them unless `group` is None.

    Amounts are in minor units. `payers` are people: payments whose person is erased count as money alone.
    `net_payers`: those with something left in what they paid.
    """

    currency: str
    group: str | None
    payments: int
    gross: int
    net: int
    payers: int
    net_payers: int
    returns: int

    @property
    def returned(self) -> int:
        """What went back, or was lost in a dispute."""
        return self.gross - self.net

    def net_per(self, people: int) -> Money | None:
        """The net for each of so many people, rounded half up; None for nobody."""
        if not people:
            return None
        return Money((2 * self.net + people) // (2 * people), self.currency)


def revenue(start: datetime, end: datetime, by: By) -> tuple[Revenue, ...]:
    """What was paid in `[start, end)`, by currency and group, the largest net first. One query."""
    rows = _summed(_during(start, end), "currency", by.value)
    found = (_a_revenue(row, row[by.value]) for row in rows)
    return tuple(sorted(found, key=lambda each: (each.currency, -each.net, str(each.group))))


def totals(start: datetime, end: datetime) -> tuple[Revenue, ...]:
    """All that was paid in `[start, end)`, by currency: asked of the payments as a whole. One query."""
    return tuple(_a_revenue(row, None) for row in _summed(_during(start, end), "currency"))


def differences(parts: Iterable[Revenue], wholes: Iterable[Revenue]) -> tuple[Money, ...]:
    """By how much the net of the groups misses that of the payments, by currency; 0 where they agree."""
    missing = {whole.currency: -whole.net for whole in wholes}
    for part in parts:
        missing[part.currency] = missing.get(part.currency, 0) + part.net
    return tuple(Money(amount, currency) for currency, amount in sorted(missing.items()))


def payers(start: datetime, end: datetime, which: Which, **fixed: str) -> QuerySet[Person]:
    """The people who paid in `[start, end)`, once each; `fixed`: `currency`, and what led to it."""
    payments = _during(start, end).filter(**fixed).filter(those(which))
    return Person.objects.filter(pk__in=payments.exclude(person=None).values("person"))


def _during(start: datetime, end: datetime) -> QuerySet[Payment]:
    return Payment.objects.filter(paid_at__gte=start, paid_at__lt=end)


def those(which: Which) -> Q:
    """The payments that are meant."""
    went_back = Q(amount_refunded__gt=0) | Q(dispute=Payment.Dispute.LOST)
    kept = Q(amount_refunded__lt=F("amount")) & ~Q(dispute=Payment.Dispute.LOST)
    return {Which.PAID: Q(), Which.KEPT: kept, Which.RETURNED: went_back}[which]


def _summed(payments: QuerySet[Payment], *by: str) -> QuerySet[Payment, dict[str, Any]]:
    kept, went_back = those(Which.KEPT), those(Which.RETURNED)
    summed: QuerySet[Payment, dict[str, Any]] = (
        payments.order_by()
        .values(*by)
        .annotate(
            payments=Count("pk"),
            gross=Sum("amount"),
            net=Sum(LEFT),
            payers=Count("person", distinct=True),
            net_payers=Count("person", distinct=True, filter=kept),
            returns=Count("person", distinct=True, filter=went_back),
        )
        .order_by("currency")
    )
    return summed


def _a_revenue(row: dict[str, Any], group: str | None) -> Revenue:
    names = ("currency", "payments", "gross", "net", "payers", "net_payers", "returns")
    return Revenue(group=group, **{name: row[name] for name in names})
