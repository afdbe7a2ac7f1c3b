"""What referrals do when the floors below tell them something: one line each."""

from __future__ import annotations

from datetime import datetime

from django.dispatch import receiver

from donations.models import Payment
from donations.reversals import Reversal
from donations.signals import membership_ended, membership_paid, payment_reinstated, payment_reversed
from referrals.models import CreditGrant, Referral, ReferralCode
from telemetry.people.models import Person
from telemetry.signals import person_claimed


@receiver(membership_paid)
def reward_the_introducer(payment: Payment, at: datetime, **_kwargs: object) -> None:
    """The first real money of a friend rewards both sides."""
    Referral.objects.convert(payment, at=at)


@receiver(payment_reversed)
def take_the_days_back(payment: Payment, reversal: Reversal, at: datetime, **_kwargs: object) -> None:
    """Money that goes back takes the days along, and money that is disputed freezes them."""
    Referral.objects.follow(payment, reversal, at=at)


@receiver(payment_reinstated)
def give_the_days_again(payment: Payment, reversal: Reversal, at: datetime, **_kwargs: object) -> None:
    """Money that stands again brings them back."""
    Referral.objects.follow(payment, reversal, at=at)


@receiver(membership_ended)
def start_what_was_banked(person: Person, at: datetime, **_kwargs: object) -> None:
    """Days that waited for the end of paid cover run now."""
    CreditGrant.objects.start_banked(person, at=at)


@receiver(person_claimed)
def join_the_introductions(source: Person, target: Person, **_kwargs: object) -> None:
    """Whom a visitor brought, and who brought them, is the account's."""
    Referral.objects.join(source, target)


@receiver(person_claimed)
def join_the_ledgers(source: Person, target: Person, at: datetime, **_kwargs: object) -> None:
    """What a visitor was given, the account's person has."""
    CreditGrant.objects.join(source, target, at=at)


@receiver(person_claimed)
def join_the_codes(source: Person, target: Person, **_kwargs: object) -> None:
    """What a visitor shared, the account's person shared."""
    ReferralCode.objects.join(source, target)
