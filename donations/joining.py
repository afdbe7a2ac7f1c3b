"""A visitor turns out to be an account's person: what they gave moves along."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from donations.models import (
    Checkout,
    DonationInteraction,
    Payment,
    StripeCustomer,
    Subscription,
    Supporter,
    SupporterKey,
    SupportMail,
)
from donations.settlement.standing import follow
from telemetry.models import Alert
from telemetry.people.models import Person

#: What simply has another person afterwards, in the order of locks.
MOVED = (StripeCustomer, Checkout, Payment, DonationInteraction, SupportMail)


def join(source: Person, target: Person, *, at: datetime) -> None:
    """Give the target all that is the source's, in the claim's transaction. The target's preferences win."""
    moved = [model._base_manager.filter(person=source).update(person=target) for model in MOVED[:2]]
    moved.append(_move_subscriptions(source, target, at))
    moved += [model._base_manager.filter(person=source).update(person=target) for model in MOVED[2:]]
    SupporterKey.objects.move(source, target)
    _move_the_supporter(source, target)
    if any(moved):
        follow(target, at=at, cause="claim")


def _move_subscriptions(source: Person, target: Person, at: datetime) -> int:
    """Of two live ones that of the source becomes the duplicate."""
    mine = Subscription.objects.of(source)
    first = Subscription.objects.live().of(target).filter(duplicate_of=None).first()
    second = mine.live().filter(duplicate_of=None).first()
    if first is not None and second is not None:
        mine.filter(pk=second.pk).update(duplicate_of=first)
        message = _("Somebody pays two memberships: %(one)s and %(other)s. Refund and cancel one of them.")
        Alert.objects.raise_alert(
            f"stripe:two-memberships:{second.stripe_id}",
            Alert.Severity.WARNING,
            message % {"one": first.stripe_id, "other": second.stripe_id},
            at,
        )
    return mine.update(person=target)


def _move_the_supporter(source: Person, target: Person) -> None:
    """The target's row wins; where there is none, the source's becomes it."""
    if Supporter.objects.filter(person=target).exists():
        Supporter.objects.filter(person=source).delete()
    else:
        Supporter.objects.filter(person=source).update(person=target)
