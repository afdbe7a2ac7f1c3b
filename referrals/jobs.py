"""What time alone brings about: each row in a transaction of its own."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from referrals.abuse import Case, is_at_the_cap
from referrals.conversion import credit_the_referrer, put_aside, reward
from referrals.locks import take
from referrals.models import CreditGrant, Referral
from referrals.models.referral import Reason, State
from referrals.qualifying import missing_of, money_towards
from referrals.verdicts import Verdict, refusal
from telemetry.models import Alert

DRIFT = "referrals.drift"


def release_held(now: datetime) -> int:
    """Reward what was held for review and nobody decided in time; how many."""
    return sum(release(referral, now) for referral in Referral.objects.to_release(now))


def credit_delayed(now: datetime) -> int:
    """Give those who brought somebody the days that were delayed; how many."""
    return sum(credit_when_due(referral, now) for referral in Referral.objects.to_credit(now))


def check_credits(now: datetime) -> int:
    """Compare the ledger with what is projected of it; how many people differ.

    An alert stands while any do.
    """
    drifted = sum(1 for _drift in CreditGrant.objects.drift())
    if drifted:
        message = _("The credit of %(count)s people is not what the ledger says; see manage.py credit_check.")
        Alert.objects.raise_alert(DRIFT, Alert.Severity.CRITICAL, message % {"count": drifted}, now)
    else:
        Alert.objects.resolve(DRIFT, now)
    return drifted


@transaction.atomic
def release(referral: Referral, at: datetime) -> bool:
    """Reward what was held and nobody decided in time; False where it was decided, or waits on.

    What is forbidden is refused now, what went back is not rewarded, and what is disputed waits. What is
    called fraudulent is staff's from now on.
    """
    held = take(Referral.objects.to_release(at).filter(pk=referral.pk))
    if held is None or held.state != State.HELD or held.converted_at is not None or held.payment is None:
        return False
    case = Case(held, held.payment, at)
    missing = missing_of(money_towards(case.payment))
    if missing is Reason.DISPUTED:
        return False  # the bank decides
    if missing is not None:
        put_aside(case, Verdict(State.HELD if missing is Reason.WARNED else State.REVERSED, missing))
        return False
    verdict = refusal(case) or reward(case, is_capped=is_at_the_cap(case))
    if verdict is not None:
        # What the database refuses is refused for good: nobody looks at it a second time.
        put_aside(case, Verdict(State.REJECTED, verdict.reason))
    return verdict is None


@transaction.atomic
def credit_when_due(referral: Referral, at: datetime) -> bool:
    """Give who brought them the days that were delayed; False where they have them, or are to wait."""
    due = take(Referral.objects.to_credit(at).filter(pk=referral.pk))
    if due is None or due.state != State.CONVERTED:
        return False
    return credit_the_referrer(due, at)
