"""When money goes back, the days go with it: as far as they are left, and again when the money stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from donations.models import Payment
from donations.reversals import Cause, Reversal
from referrals.abuse import Case, tell_of_refunds
from referrals.conversion import put_aside
from referrals.locks import take
from referrals.models import CreditGrant, Referral
from referrals.models.referral import Reason, State
from referrals.qualifying import missing_of, money_towards
from referrals.verdicts import Verdict
from telemetry.models import AuditEntry

#: What speaks against a reward in a state; who rejects one says it in their own words.
WHY = {State.CONVERTED: "", State.CAPPED: Reason.CAP, State.REVERSED: Reason.MONEY_WENT_BACK}


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
    if referral is None or referral.payment is None or referral.state == State.REJECTED:
        return None
    money = money_towards(referral.payment, changed=payment)
    if payment.pk not in {row.pk for row in money}:
        return None  # what the friend paid later: the reward was not given for it
    if referral.converted_at is None:
        _reverse_what_waits_for_staff(Case(referral, referral.payment, at), money)
        return None
    missing = missing_of(money, **_known_to_staff(referral, reversal))
    cause = f"{reversal.cause.value}:{reversal.reference}"
    if missing is None:
        move(referral, standing_state(referral), cause, at)
    elif missing is Reason.MONEY_WENT_BACK:
        move(referral, State.REVERSED, cause, at)
    else:
        move(referral, State.HELD, cause, at, reason=missing)
    return referral


def _known_to_staff(referral: Referral, reversal: Reversal) -> dict[str, bool]:
    """What counts as if nothing were said of it: staff knew, and let it through.

    Only another dispute, or another warning, asks for their word again.
    """
    let_through = referral.decided_by_id is not None and referral.state in (State.CONVERTED, State.CAPPED)
    return {
        "disputed_counts": let_through and reversal.cause is not Cause.DISPUTE,
        "warned_counts": let_through and reversal.cause is not Cause.FRAUD,
    }


def _reverse_what_waits_for_staff(case: Case, money: list[Payment]) -> None:
    """No time decides about it any more, so it is now that it is known to be in vain."""
    waits = case.referral.state == State.HELD and case.referral.decide_by is None
    if waits and missing_of(money) is Reason.MONEY_WENT_BACK:
        put_aside(case, Verdict(State.REVERSED, Reason.MONEY_WENT_BACK))


def move(
    referral: Referral,
    state: State,
    cause: str,
    at: datetime,
    *,
    reason: str | None = None,
    actor: Any = None,
    note: str = "",
) -> bool:
    """Take the days of both sides back or give them again, as the state wants it; False: it was so.

    `reason`: why it is frozen; of the other states it follows, or was written down by who decided.
    """
    gives = state in (State.CONVERTED, State.CAPPED)
    turn = CreditGrant.objects.give_back if gives else CreditGrant.objects.take_back
    rewards = CreditGrant.objects.rewards().filter(referral=referral).order_by("person_id", "pk")
    moved = [turn(grant, at=at, cause=cause, actor=actor, note=note) for grant in rewards]
    before, reason = referral.state, WHY.get(state, referral.reason) if reason is None else reason
    if (before, referral.reason) == (state, reason) and not any(moved):
        return False
    referral.state, referral.reason = state, reason
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
