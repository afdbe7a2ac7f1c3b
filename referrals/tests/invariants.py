"""What holds of ledgers and rewards after every fault, whatever it was.

What a ledger comes to is reckoned here a second time, in whole microseconds and by nothing of the product's:
a fault of its arithmetic would be in both its projection and its own check, and they would agree.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count

from donations.models import Payment, Supporter
from referrals.models import CreditGrant
from referrals.models.referral import MEMBERSHIPS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY = 86_400 * SECOND
TEN_YEARS = 3650 * DAY


@dataclass
class Account:
    """What somebody has, in microseconds: until when it runs (None: never any), and the bank."""

    until: int | None = None
    bank: int = 0

    def enter(self, at: int, days: int, shortfall: int, is_banked: bool, kind: str) -> None:
        """One entry, after those before."""
        given = days * DAY - shortfall
        if kind == "started":
            self.runs(at, self.bank)
            self.bank = 0
        elif days < 0:
            self.takes(at, -days * DAY)
        elif is_banked:
            self.bank += given
        else:
            self.runs(at, given)

    def runs(self, at: int, given: int) -> None:
        """Days run from the end of those that run, or from now, and end within ten years."""
        if given > 0:
            start = max(at, self.until or at)
            self.until = max(start, min(start + given, at + TEN_YEARS))

    def takes(self, at: int, taken: int) -> None:
        """The bank goes first; then what is left to run, down to now."""
        rest = max(0, taken - self.bank)
        self.bank -= taken - rest
        if rest > 0 and self.until is not None:
            before = self.until
            self.until = max(at, before - rest)
            assert self.until >= min(before, at), "credit was taken below now"


def micros(at: datetime) -> int:
    """A moment as a number."""
    return (at - EPOCH) // timedelta(microseconds=1)


def reckoned() -> dict[int, int]:
    """Until when everybody has credit who ever had, by the entries alone."""
    accounts: dict[int, Account] = defaultdict(Account)
    rows = CreditGrant.objects.filter(person__isnull=False).order_by("created_at", "id")
    columns = ("person", "effective_at", "days", "shortfall_seconds", "is_banked", "kind")
    for person, at, days, shortfall, is_banked, kind in rows.values_list(*columns):
        accounts[person].enter(micros(at), days, shortfall * SECOND if days > 0 else 0, is_banked, kind)
    return {person: account.until for person, account in accounts.items() if account.until is not None}


def assert_credit() -> None:
    """I1: everybody has what their ledger comes to, and no grant is taken back twice or given again twice."""
    rows = Supporter.objects.filter(credit_until__isnull=False).values_list("pk", "credit_until")
    recorded = {person: micros(until) for person, until in rows if until is not None}
    assert recorded == reckoned(), "somebody has other credit than their ledger says"
    assert list(CreditGrant.objects.drift()) == [], "the daily check would sound an alarm for nothing"
    families: dict[int, int] = defaultdict(int)
    for key, about, days in CreditGrant.objects.values_list("pk", "reverses", "days"):
        families[about or key] += days
    for grant in CreditGrant.objects.filter(pk__in=families, days__gt=0, reverses=None):
        assert 0 <= families[grant.pk] <= grant.days, "more was taken than given, or given again than taken"


def assert_rewards() -> None:
    """I2: a payment rewards at most once, each side at most once, and only money for a membership."""
    rewards = CreditGrant.objects.rewards()
    doubled = rewards.values("referral", "kind").annotate(times=Count("pk")).filter(times__gt=1)
    assert not doubled.exists(), "one side was rewarded twice"
    assert not rewards.filter(referral__payment=None).exists(), "somebody was rewarded for no money"
    assert not rewards.filter(referral__converted_at=None).exists(), "somebody was rewarded for nothing"
    converted = Payment.objects.filter(referral__converted_at__isnull=False)
    assert not converted.exclude(kind__in=MEMBERSHIPS).exists(), "what is no membership was rewarded"
