"""From the first real money of a friend to the days of both sides, exactly once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from donations.models import Payment
from referrals.abuse import Case, is_at_the_cap
from referrals.events import CreditGranted, FriendConverted
from referrals.locks import take
from referrals.models import CreditGrant, Referral
from referrals.models.credit import Kind
from referrals.models.referral import MEMBERSHIPS, Reason, State
from referrals.qualifying import is_enough
from referrals.verdicts import Verdict, judge
from telemetry.log.track import track
from telemetry.models import AuditEntry
from telemetry.people.models import Person

ONE_CARD = Verdict(State.HELD, Reason.CARD_REWARDED)


@transaction.atomic
def convert(payment: Payment, at: datetime) -> Referral | None:
    """See `Referral.objects.convert`."""
    if payment.person_id is None:
        return None
    referral = take(Referral.objects.filter(referred=payment.person_id))
    if referral is None or not _may_convert(referral, payment):
        return referral
    case = Case(referral, payment, at)
    verdict = judge(case)
    if verdict is None:
        # Told late, the membership may be over already: then nothing would ever start what is banked.
        is_covered = payment.subscription is None or payment.subscription.is_running(at)
        verdict = reward(case, is_capped=is_at_the_cap(case), is_covered=is_covered)
    if verdict is not None:
        put_aside(case, verdict)
    return referral


def reward(
    case: Case, *, is_capped: bool, is_covered: bool = False, actor: Any = None, cause: str = ""
) -> Verdict | None:
    """Stamp the referral and give the days; a verdict instead where the database knows the card.

    `is_covered`: the friend's membership begins in this transaction. `actor`, `cause`: who of the staff let
    it through, and why; then the card may be known.
    """
    referral, at, before = case.referral, case.at, case.referral.state
    pays_referrer = case.referrer is not None and not is_capped
    due_at = at + timedelta(days=settings.REFERRAL_HOLD_DAYS) if pays_referrer else None
    stamped = {
        "state": State.CAPPED if is_capped else State.CONVERTED,
        "reason": Reason.CAP if is_capped else "",
        "payment": case.payment,
        "converted_at": at,
        "days": settings.REFERRAL_CREDIT_DAYS,
        "credit_due_at": due_at,
        "decide_by": None,
        "decided_by": actor,
    }
    if not _stamp(referral, case.payment.card_digest, stamped, by_staff=actor is not None):
        return ONE_CARD
    friend = referral.referred
    if friend is not None:
        give(referral, friend, Kind.REFERRED, at, is_covered=is_covered)
        track(friend, FriendConverted(), at=at, key=f"{FriendConverted.name}:{referral.pk}")
    credit_the_referrer(referral, at)
    after = {"state": referral.state, "days": referral.days}
    cause = cause or f"payment:{case.payment.pk}"
    AuditEntry.objects.record(actor, "referral.converted", referral, {"state": before}, after, cause, at=at)
    return None


def credit_the_referrer(referral: Referral, at: datetime) -> bool:
    """Give who brought them their days when it is time; with that the referral is credited."""
    if referral.credited_at is not None or (referral.credit_due_at or at) > at:
        return False
    if referral.credit_due_at is not None and referral.referrer is not None:
        give(referral, referral.referrer, Kind.REFERRER, at)
    referral.credited_at = at
    referral.save(update_fields=["credited_at"])
    return True


def give(
    referral: Referral, person: Person, kind: Kind, at: datetime, *, is_covered: bool = False
) -> CreditGrant:
    """One side's days."""
    side = kind.removeprefix("referral_")
    days = referral.days or settings.REFERRAL_CREDIT_DAYS
    grant = CreditGrant.objects.grant(
        person,
        days,
        kind,
        at=at,
        referral=referral,
        idem_key=f"referral:{referral.pk}:{side}",
        is_covered=is_covered,
    )
    track(person, CreditGranted(days=days), at=at, key=f"{CreditGranted.name}:{referral.pk}:{side}")
    return grant


def put_aside(case: Case, verdict: Verdict) -> None:
    """Write down what speaks against the reward; what is held is decided, or released in time.

    What is called fraudulent is decided by staff alone.
    """
    referral, before = case.referral, case.referral.state
    referral.state, referral.reason, referral.payment = verdict.state, verdict.reason, case.payment
    is_released = verdict.state == State.HELD and verdict.reason != Reason.WARNED
    review = timedelta(days=settings.REFERRAL_REVIEW_DAYS)
    referral.decide_by = case.at + review if is_released else None
    referral.save(update_fields=["state", "reason", "payment", "decide_by"])
    after = {"state": verdict.state.value, "reason": verdict.reason.value}
    cause = f"payment:{case.payment.pk}"
    action = f"referral.{verdict.state.value}"
    AuditEntry.objects.record(None, action, referral, {"state": before}, after, cause, at=case.at)


def _may_convert(referral: Referral, payment: Payment) -> bool:
    """Whether it waits for money, and this is enough of it."""
    if referral.converted_at is not None or referral.state != State.PENDING or payment.needs_refund:
        return False
    return payment.kind in MEMBERSHIPS and is_enough(payment)


def _stamp(referral: Referral, card: str, columns: dict[str, Any], *, by_staff: bool) -> bool:
    """Write the columns; False when the card was rewarded elsewhere. Staff may know better of a card."""
    for digest in dict.fromkeys((card, "") if by_staff else (card,)):
        try:
            with transaction.atomic():
                Referral.objects.filter(pk=referral.pk).update(**columns, card_digest=digest)
        except IntegrityError:
            if not digest or not Referral.objects.filter(card_digest=digest).exclude(pk=referral.pk).exists():
                raise
        else:
            referral.refresh_from_db()
            return True
    return False
