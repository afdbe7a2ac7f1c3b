"""What Stripe says of a subscription becomes our row of it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from donations.models import StripeCustomer, Subscription
from donations.seen import SubscriptionSeen
from donations.settlement.parties import Party
from telemetry.models import Alert


def keep_subscription(
    seen: SubscriptionSeen, party: Party, customer: StripeCustomer, *, fetched_at: datetime, at: datetime
) -> Subscription:
    """Our row, as Stripe has it; what was fetched earlier than the row's state changes nothing.

    A second live one of the same person is kept as a duplicate, and staff are told; it is none any more once
    the first has ended.
    """
    row = Subscription.objects.select_for_update().filter(stripe_id=seen.id).first()
    if row is None:
        row = Subscription(stripe_id=seen.id, customer=customer)
    elif _is_old(row, fetched_at):
        return row
    row.person = row.person or party.person
    row.checkout = row.checkout or party.checkout
    _take_over(row, seen, fetched_at)
    _save_as_the_only_one(row, at)
    _let_the_next_one_count(row)
    return row


def _is_old(row: Subscription, fetched_at: datetime) -> bool:
    """Whether something later is known already."""
    return row.fetched_at > fetched_at


def _take_over(row: Subscription, seen: SubscriptionSeen, fetched_at: datetime) -> None:
    if row.pk is None or row.amount != seen.amount:
        # The price is one of our currency: as many units of another one say nothing.
        is_ours = seen.currency == settings.SUPPORT_CURRENCY
        row.is_membership = is_ours and seen.amount >= settings.SUPPORT_MEMBERSHIP_PRICE
    row.status, row.amount, row.currency = seen.status, seen.amount, seen.currency
    row.current_period_end, row.cancel_at = seen.period_end, seen.cancel_at
    is_late = seen.status == Subscription.Status.PAST_DUE
    row.past_due_since = (row.past_due_since or fetched_at) if is_late else None
    row.fetched_at = fetched_at


def _save_as_the_only_one(row: Subscription, at: datetime) -> None:
    """Save it, as a duplicate if another one of the person is live: the database says so last."""
    if _mark_if_second(row, at):
        row.save()
        return
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        # Somebody else's row became live meanwhile. What no such row explains is a fault.
        if not _mark_if_second(row, at):
            raise
        row.save()


def _mark_if_second(row: Subscription, at: datetime) -> bool:
    if row.person is None or row.status not in Subscription.LIVE or row.duplicate_of_id is not None:
        return False
    others = Subscription.objects.live().of(row.person).filter(duplicate_of=None)
    row.duplicate_of = others.exclude(stripe_id=row.stripe_id).first()
    if row.duplicate_of is None:
        return False
    message = _("Somebody pays two memberships: %(one)s and %(other)s. Refund and cancel one of them.")
    Alert.objects.raise_alert(
        f"stripe:two-memberships:{row.stripe_id}",
        Alert.Severity.WARNING,
        message % {"one": row.duplicate_of.stripe_id, "other": row.stripe_id},
        at,
    )
    return True


def _let_the_next_one_count(ended: Subscription) -> None:
    """Of two that somebody paid the first has ended: the other one is no duplicate any more."""
    if ended.person is None or ended.status in Subscription.LIVE:
        return
    going_on = Subscription.objects.live().of(ended.person)
    first = going_on.order_by("pk").first()
    if first is None or going_on.filter(duplicate_of=None).exists():
        return
    going_on.exclude(pk=first.pk).update(duplicate_of=first)
    going_on.filter(pk=first.pk).update(duplicate_of=None)
