"""What staff decide about an introduction. Each decision has a name and a reason, and is written down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from referrals.abuse import Case
from referrals.clawback import move
from referrals.conversion import credit_the_referrer, reward
from referrals.locks import take
from referrals.models import Referral
from referrals.models.referral import State
from referrals.qualifying import missing_of, money_towards
from referrals.querysets.credits import ReasonRequired
from telemetry.models import AuditEntry

#: What went back is among them: while it was held, nothing but staff's word follows money that stands again.
MAY_BE_APPROVED = (State.HELD, State.REJECTED, State.CAPPED, State.REVERSED)


@transaction.atomic
def approve(referral: Referral, by: Any, reason: str, at: datetime) -> bool:
    """See `Referral.approve`."""
    ours = _taken(referral, by, reason)
    if ours is None or ours.payment is None or ours.state not in MAY_BE_APPROVED:
        return False
    is_frozen = ours.state == State.HELD and ours.converted_at is not None
    # A warning of fraud takes no money: it asks for the word of staff, which nothing else ever follows.
    money = money_towards(ours.payment)
    if missing_of(money, disputed_counts=is_frozen, warned_counts=True) is not None:
        return False
    if ours.converted_at is None:
        reward(Case(ours, ours.payment, at), is_capped=False, actor=by, cause=reason)
    elif ours.state == State.CAPPED:
        _lift_the_cap(ours, by, reason, at)
    else:
        _decided(ours, by, "")
        move(ours, State.CONVERTED, f"approved:{at.isoformat()}", at, actor=by, note=reason)
    referral.refresh_from_db()
    return True


@transaction.atomic
def reject(referral: Referral, by: Any, reason: str, at: datetime) -> bool:
    """See `Referral.reject`."""
    ours = _taken(referral, by, reason)
    if ours is None or ours.state == State.REJECTED:
        return False
    _decided(ours, by, reason)
    move(ours, State.REJECTED, f"rejected:{at.isoformat()}", at, actor=by, note=reason)
    referral.refresh_from_db()
    return True


def _taken(referral: Referral, by: Any, reason: str) -> Referral | None:
    if by is None or not reason.strip():
        raise ReasonRequired
    return take(Referral.objects.filter(pk=referral.pk))


def _decided(referral: Referral, by: Any, reason: str) -> None:
    referral.decided_by, referral.decide_by, referral.reason = by, None, reason
    referral.save(update_fields=["decided_by", "decide_by", "reason"])


def _lift_the_cap(referral: Referral, by: Any, reason: str, at: datetime) -> None:
    """Give who brought them what the cap kept from them."""
    _decided(referral, by, "")
    referral.state, referral.credit_due_at, referral.credited_at = State.CONVERTED, at, None
    referral.save(update_fields=["state", "credit_due_at", "credited_at"])
    credit_the_referrer(referral, at)
    before, after = {"state": State.CAPPED.value}, {"state": State.CONVERTED.value, "days": referral.days}
    AuditEntry.objects.record(by, "referral.converted", referral, before, after, reason, at=at)
