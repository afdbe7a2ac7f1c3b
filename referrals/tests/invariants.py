"""What holds of ledgers and rewards after every fault, whatever it was."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Count

from donations.models import Payment
from referrals.ledger import Standing
from referrals.models import CreditGrant
from referrals.models.referral import MEMBERSHIPS


def assert_credit() -> None:
    """I1: everybody has what their ledger comes to, and no grant is taken back twice or given again twice."""
    assert list(CreditGrant.objects.drift()) == [], "somebody has other credit than their ledger says"
    families: dict[int, int] = defaultdict(int)
    standings: dict[int, Standing] = defaultdict(Standing)
    for entry in CreditGrant.objects.order_by("created_at", "id"):
        families[entry.reverses_id or entry.pk] += entry.days
        if entry.person_id is None:
            continue
        before = standings[entry.person_id]
        now = standings[entry.person_id] = before.after(entry)
        if entry.days < 0 and before.until is not None and now.until is not None:
            assert now.until >= min(before.until, entry.effective_at), "credit was taken below now"
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
