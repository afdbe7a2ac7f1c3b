"""When money goes back, the days go with it: as far as they are left, and again when the money stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from donations.models import Payment
from donations.reversals import Reversal
from referrals.abuse import tell_of_refunds
from referrals.locks import take
from referrals.models import CreditGrant, Referral
from referrals.models.referral import Reason, State
from referrals.qualifying import paid_towards
from telemetry.models import AuditEntry

#: What speaks against a reward in a state; who rejects one says it in their own words.
WHY = {
    State.CONVERTED: "",
    State.CAPPED: Reason.CAP,
    State.HELD: Reason.DISPUTED,
    State.REVERSED: Reason.MONEY_WENT_BACK,
}


@transaction.atomic
def follow(payment: Payment, reversal: Reversal, at: datetime) -> Referral | None:
    """See `Referral.objects.follow`.

    It asks how the money stands, not what was done to it: told twice or in another order it comes to the
    same. What is only held is locked as well: whoever rewards it at this moment waits, and sees what is left.
    """
    by_it = Q(payment=payment)
    if payment.person_id is not None:
        by_it |= Q(referred=payment.person_id)
    referral = take(Referral.objects.filter(by_it, payment__isnull=False))
    if referral is None or referral.payment is None:
        return None
    if referral.converted_at is None or referral.state == State.REJECTED:
        return None
    enough = settings.REFERRAL_MINIMUM
    cause = f"{reversal.cause.value}:{reversal.reference}"
    if paid_towards(referral.payment, changed=payment) >= enough:
        move(referral, standing_state(referral), cause, at)
    elif paid_towards(referral.payment, changed=payment, disputed_counts=True, warned_counts=True) >= enough:
        move(referral, State.HELD, cause, at)
    else:
        move(referral, State.REVERSED, cause, at)
    return referral


def move(
    referral: Referral, state: State, cause: str, at: datetime, *, actor: Any = None, note: str = ""
) -> bool:
    """Take the days of both sides back or give them again, as the state wants it; False: it was so."""
    gives = state in (State.CONVERTED, State.CAPPED)
    turn = CreditGrant.objects.give_back if gives else CreditGrant.objects.take_back
    rewards = CreditGrant.objects.rewards().filter(referral=referral).order_by("person_id", "pk")
    moved = [turn(grant, at=at, cause=cause, actor=actor, note=note) for grant in rewards]
    before = referral.state
    if before == state and not any(moved):
        return False
    referral.state, referral.reason = state, WHY.get(state, referral.reason)
    referral.save(update_fields=["state", "reason"])
    after = {"state": state.value, "days": sum(entry.days for entry in moved if entry is not None)}
    action = f"referral.{'reinstated' if gives else state.value}"
    AuditEntry.objects.record(actor, action, referral, {"state": before}, after, note or cause, at=at)
    if state == State.REVERSED and referral.referrer is not None:
        tell_of_refunds(referral.referrer, at)
    return True


def standing_state(referral: Referral) -> State:
    """What a rewarded referral is while its money stands: capped when only the friend was rewarded."""
    is_capped = referral.credit_due_at is None and referral.referrer_id is not None
    return State.CAPPED if is_capped else State.CONVERTED
