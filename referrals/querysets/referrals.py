"""Introductions: how they come to be, what becomes of them when money moves, and which wait for something."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models, transaction

from donations.models import Payment
from referrals.events import FriendConfirmed, FriendSignedUp
from telemetry.log.track import track
from telemetry.people.models import Person

if TYPE_CHECKING:
    from donations.reversals import Reversal
    from referrals.models import Referral, ReferralCode

#: For how long the digest of a network is kept.
NETWORK_KEPT = timedelta(days=30)


class ReferralQuerySet(models.QuerySet["Referral", "Referral"]):
    """Introductions, in sentences."""

    @transaction.atomic
    def link(
        self, person: Person, code: ReferralCode, *, captured_at: datetime, at: datetime, network: str = ""
    ) -> Referral | None:
        """The introduction of somebody who signs up at `at`: provisional, and the first one stands.

        None for one's own code, for a code whose owner is gone, and for a link that was opened only after
        the sign-up. `network`: a keyed digest of where the sign-up came from.
        """
        if code.person_id in (None, person.pk) or captured_at > at:
            return None
        referral, made = self.get_or_create(
            referred=person,
            defaults={
                "code": code,
                "referrer_id": code.person_id,
                "captured_at": captured_at,
                "created_at": at,
                "network_digest": network,
            },
        )
        if made:
            track(person, FriendSignedUp(), at=at, key=f"{FriendSignedUp.name}:{referral.pk}")
        return referral

    @transaction.atomic
    def confirm(self, person: Person, *, at: datetime) -> bool:
        """Their address is confirmed, the introduction is final; False when there is none to confirm."""
        from referrals.models.referral import State

        mine = self.filter(referred=person, state=State.PROVISIONAL).first()
        if mine is None:
            return False
        waits = self.filter(pk=mine.pk, state=State.PROVISIONAL)
        moved = waits.update(state=State.PENDING, confirmed_at=at)
        if moved:
            track(person, FriendConfirmed(), at=at, key=f"{FriendConfirmed.name}:{mine.pk}")
        return bool(moved)

    def convert(self, payment: Payment, *, at: datetime) -> Referral | None:
        """Reward both sides for the first real money of a friend, once, in the payment's transaction.

        None where nobody brought them. What is rewarded already, or judged, stays as it is. Nothing that
        speaks against a reward stops the payment; an exception here does.
        """
        from referrals import conversion

        return conversion.convert(payment, at)

    def follow(self, payment: Payment, reversal: Reversal, *, at: datetime) -> Referral | None:
        """Take days back, freeze them or give them again, as the money now stands; None: no reward of it."""
        from referrals import clawback

        return clawback.follow(payment, reversal, at)

    def join(self, source: Person, target: Person) -> None:
        """Give one person's introductions to another, who turned out to be the same.

        Of two by which they came the target's stays. Nobody comes to have brought themselves.
        """
        self.filter(referrer=source, referred=target).update(referrer=None)
        self.filter(referrer=source).update(referrer=target)
        if not self.filter(referred=target).exists():
            self.filter(referred=source, referrer=target).update(referrer=None)
            self.filter(referred=source).update(referred=target)

    def to_release(self, now: datetime) -> ReferralQuerySet:
        """What was held for review, and nobody decided in time."""
        return self.filter(state="held", converted_at=None, decide_by__lte=now).order_by("decide_by", "pk")

    def to_credit(self, now: datetime) -> ReferralQuerySet:
        """Those of which who brought them still waits for their days, and the wait is over."""
        waiting = self.filter(state="converted", credited_at=None, credit_due_at__lte=now)
        return waiting.order_by("credit_due_at", "pk")

    def forget_networks(self, now: datetime) -> int:
        """Blank the digests that have served; how many."""
        served = self.filter(created_at__lte=now - NETWORK_KEPT).exclude(network_digest="")
        return served.update(network_digest="")
