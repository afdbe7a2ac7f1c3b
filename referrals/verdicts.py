"""The table of rules: which refuse a reward, which hold it, and what is written down as the reason.

The payment is made and stands; only the reward is judged. What is exactly known is refused, what is only
alike is held for somebody to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from referrals import abuse
from referrals.abuse import Case
from referrals.models.referral import Reason, State

Rule = Callable[[Case], bool]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a reward that is not given now, and why."""

    state: State
    reason: Reason


REFUSED: Mapping[Reason, Rule] = MappingProxyType(
    {
        Reason.HOUSE: abuse.is_of_the_house,
        Reason.SUSPENDED: abuse.is_suspended,
        Reason.CODE_DISABLED: abuse.is_disabled,
        Reason.SAME_ADDRESS: abuse.has_one_address,
        Reason.SAME_CUSTOMER: abuse.is_one_customer,
        Reason.SAME_CARD: abuse.has_one_card,
        Reason.PAID_BEFORE: abuse.paid_before,
        Reason.THERE_BEFORE: abuse.was_there_before,
    }
)
HELD: Mapping[Reason, Rule] = MappingProxyType(
    {
        Reason.CARD_REWARDED: abuse.card_was_rewarded,
        Reason.SIMILAR: abuse.has_similar_addresses,
        Reason.DISPOSABLE: abuse.uses_a_disposable_address,
        Reason.NETWORK: abuse.is_of_a_busy_network,
        Reason.RUSH: abuse.is_in_a_rush,
        Reason.RISK: abuse.is_risky,
        Reason.REFUNDS: abuse.has_many_refunds,
    }
)


def judge(case: Case) -> Verdict | None:
    """What speaks against a reward; None: nothing. What is known outweighs what is only alike."""
    return refusal(case) or _first(case, HELD, State.HELD)


def refusal(case: Case) -> Verdict | None:
    """What forbids a reward, whoever looks at it."""
    return _first(case, REFUSED, State.REJECTED)


def _first(case: Case, rules: Mapping[Reason, Rule], state: State) -> Verdict | None:
    reason = next((reason for reason, holds in rules.items() if holds(case)), None)
    return None if reason is None else Verdict(state, reason)
