"""The introductions of the demo year."""

from __future__ import annotations

from datetime import date

import pytest

from donations.models import Supporter
from growth.demo import demo_year
from growth.demo_referrals import write_referrals
from growth.demo_support import write_support
from growth.tests.dashboard.conftest import AS_OF
from referrals.models import CreditGrant, Referral, ReferralClick, ReferralCode
from referrals.tests.conftest import the_ledger_is_what_it_says  # noqa: F401 - fixture
from telemetry.log.ingest import store
from telemetry.log.models import Origin

pytestmark = pytest.mark.slow

MODELS = (Referral, ReferralCode, CreditGrant, ReferralClick, Supporter)
TOLD = ("auth.signed_up", "support.payment_succeeded")


@pytest.fixture
def year(db):
    """Four hundred people, as far as they signed up and paid."""
    items = [item for item in demo_year(date(2026, 2, 28), people=400) if item.name in TOLD]
    for start in range(0, len(items), 500):
        store(items[start : start + 500], origin=Origin.API, now=AS_OF)
    write_support(items, until=AS_OF)
    return write_referrals(until=AS_OF)


def standing():
    """How many rows there are, and how often links were opened."""
    return [model.objects.count() for model in MODELS], sum(
        ReferralClick.objects.values_list("count", flat=True)
    )


def test_written_again_it_adds_nothing(year):
    before = standing()

    assert write_referrals(until=AS_OF) == year
    assert standing() == before


def test_some_come_and_some_pay_and_the_ledger_is_what_it_says(year):
    states = set(Referral.objects.values_list("state", flat=True))

    assert {"provisional", "pending", "converted"} <= states
    assert CreditGrant.objects.rewards().exists()
    assert list(CreditGrant.objects.drift()) == []


def test_nobody_is_brought_by_who_came_later(year):
    for referral in Referral.objects.select_related("referrer", "referred"):
        assert referral.referrer is not None
        assert referral.referred is not None
        assert referral.referrer.signed_up_at <= referral.referred.signed_up_at
