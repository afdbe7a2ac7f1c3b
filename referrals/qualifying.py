"""Which money counts for a reward, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet

from donations.models import Payment
from referrals.models.referral import MEMBERSHIPS, Reason


def memberships_of(person: int | None) -> QuerySet[Payment, Payment]:
    """What somebody paid for membership; a monthly gift below its price is none."""
    paid = Payment.objects.filter(person=person, person__isnull=False, kind__in=MEMBERSHIPS)
    return paid.exclude(subscription__is_membership=False)


def money_towards(payment: Payment, changed: Payment | None = None) -> list[Payment]:
    """The membership money that came within the window up to this payment, itself among it.

    `changed`: a payment as it is now, where its row was read before.
    """
    window = timedelta(days=settings.REFERRAL_WINDOW_DAYS)
    together = memberships_of(payment.person_id).filter(
        currency=payment.currency,
        needs_refund=False,
        paid_at__range=(payment.paid_at - window, payment.paid_at),
    )
    rows = {row.pk: row for row in (payment, *(together if payment.person_id is not None else ()))}
    if changed is not None and changed.pk in rows:
        rows[changed.pk] = changed
    return list(rows.values())


def left_of(money: Iterable[Payment], *, disputed_counts: bool = False, warned_counts: bool = False) -> int:
    """What is left of it, in minor units.

    A refund is gone, and so is a lost dispute; what is disputed still, or called fraudulent, is gone unless
    that counts.
    """
    return sum(_left_of(payment, disputed_counts, warned_counts) for payment in money)


def missing_of(
    money: Iterable[Payment], *, disputed_counts: bool = False, warned_counts: bool = False
) -> Reason | None:
    """Why too little of it is left for a reward; None: it is enough.

    Where both a dispute and a warning are in the way it is the warning: that is what only staff end.
    """
    enough, rows = settings.REFERRAL_MINIMUM, list(money)
    if left_of(rows, disputed_counts=disputed_counts, warned_counts=warned_counts) >= enough:
        return None
    if left_of(rows, disputed_counts=True, warned_counts=warned_counts) >= enough:
        return Reason.DISPUTED
    if left_of(rows, disputed_counts=True, warned_counts=True) >= enough:
        return Reason.WARNED
    return Reason.MONEY_WENT_BACK


def is_enough(payment: Payment) -> bool:
    """Whether it begins a reward: the minimum is one of SUPPORT_CURRENCY, so another one never does.

    What began one before the currency was changed is not judged by the new one.
    """
    is_ours = payment.currency == settings.SUPPORT_CURRENCY
    return is_ours and missing_of(money_towards(payment)) is None


def _left_of(payment: Payment, disputed_counts: bool, warned_counts: bool) -> int:
    is_disputed = payment.dispute == Payment.Dispute.OPEN
    if (is_disputed and not disputed_counts) or (payment.is_fraudulent and not warned_counts):
        return 0
    return payment.net.amount
