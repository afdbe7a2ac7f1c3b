"""What a ledger comes to, and who may write in it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction

from donations.models import StripeCustomer, Subscription, Supporter
from donations.signals import membership_ended
from referrals.jobs import check_credits
from referrals.ledger import DAY as SECONDS, LONGEST, Standing, replay
from referrals.models import CreditGrant, CreditProposal, Referral
from referrals.querysets.credits import ReasonRequired, SecondPersonRequired
from referrals.tests.conftest import (
    DAY,
    NOON,
    D,
    dispute,
    gives,
    introduced,
    pays,
    refund,
    somebody,
    until,
    wins,
)
from telemetry.models import Alert, AuditEntry
from telemetry.people.claim import claim
from telemetry.people.erasure import erase
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db):
    """One of the staff."""
    return get_user_model().objects.create_user("grace@growth.example", is_staff=True)


@pytest.fixture
def another(db):
    """Another of the staff."""
    return get_user_model().objects.create_user("edsger@growth.example", is_staff=True)


# --- The arithmetic ---


@pytest.mark.parametrize("start", ["2026-10-24", "2027-03-27", "2028-01-15", "2028-02-29"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_day_of_credit_has_86400_seconds_whatever_the_clock_does(ada, start, times):
    at = datetime.fromisoformat(f"{start}T01:30").replace(tzinfo=ZoneInfo("Europe/Vienna"))

    for _turn in range(times):
        gives(ada, 45, at)

    end = until(ada)
    assert end is not None
    assert end.timestamp() - at.timestamp() == times * 45 * 86_400


def test_what_is_taken_leaves_what_is_left_and_writes_down_the_rest(ada):
    gives(ada, 10)

    taken = gives(ada, -45, NOON + 3 * DAY)

    assert until(ada) == NOON + 3 * DAY
    assert taken.shortfall_seconds == (45 - 7) * SECONDS


def test_who_has_nothing_has_nothing_less(ada):
    taken = gives(ada, -5)

    assert until(ada) is None
    assert taken.shortfall_seconds == 5 * SECONDS


def test_a_tower_of_credit_ends_after_ten_years(ada):
    for _turn in range(20):
        gives(ada, 365)
    CreditGrant.objects.grant(ada, 2**31 - 1, "refund_as_credit", at=NOON, idem_key="tower")
    CreditGrant.objects.grant(ada, 3000, "refund_as_credit", at=NOON, idem_key="more")

    assert until(ada) == NOON + LONGEST


def test_a_time_without_a_zone_is_refused(ada):
    with pytest.raises(ValueError, match="without a zone"):
        gives(ada, 5, NOON.replace(tzinfo=None))

    assert not CreditGrant.objects.exists()


def test_a_grant_is_entered_once(ada):
    first, second = (gives(ada, 5, idem_key="once") for _turn in range(2))

    assert first == second
    assert until(ada) == NOON + 5 * DAY


def test_an_entry_comes_after_those_that_stand_whatever_the_clock_says(ada):
    gives(ada, 5, NOON)
    gives(ada, -3, NOON - DAY)

    assert until(ada) == NOON + 2 * DAY
    assert replay(CreditGrant.objects.of(ada)).until == until(ada)


def test_nobody_gives_no_days_or_days_to_somebody_erased(ada):
    with pytest.raises(ValueError, match="of days"):
        gives(ada, 0)
    erase(ada, at=NOON)
    ada.pk = 1_000_000
    with pytest.raises(Person.DoesNotExist):
        gives(ada, 5)


def test_days_left_count_the_one_that_has_begun():
    standing = Standing(NOON + D, 0)

    assert standing.days_left(NOON) == 45
    assert standing.days_left(NOON + timedelta(seconds=1)) == 45
    assert standing.days_left(NOON + DAY) == 44
    assert standing.days_left(NOON + D) == 0


# --- The table ---


def test_an_entry_is_never_changed_or_deleted(ada):
    entry = gives(ada, 5)

    for change in (
        lambda: CreditGrant.objects.filter(pk=entry.pk).update(days=50),
        lambda: CreditGrant.objects.filter(pk=entry.pk).update(is_banked=True),
        lambda: CreditGrant.objects.filter(pk=entry.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"kind": "admin", "days": 0}, "a_credit_is_of_days"),
        ({"kind": "reversal", "days": 5}, "a_reversal_takes_days"),
        ({"kind": "refund_as_credit", "days": -5}, "a_grant_gives_days"),
        ({"kind": "reversal", "days": -5}, "a_reversal_says_of_what"),
    ],
)
def test_the_database_refuses_a_bad_entry(bad, why, ada):
    about = None if why == "a_reversal_says_of_what" else gives(ada, 9)

    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        CreditGrant.objects.create(reverses=about, effective_at=NOON, created_at=NOON, idem_key="bad", **bad)


def test_a_side_is_rewarded_once_whatever_the_key(brought, ada):
    pays(brought.referred)

    with pytest.raises(IntegrityError), transaction.atomic():
        CreditGrant.objects.grant(ada, 45, "referral_referrer", at=NOON, referral=brought, idem_key="another")


# --- Staff ---


def test_staff_give_days_with_a_name_and_a_reason(ada, staff):
    entry = gives(ada, 30, actor=staff, note="An outage.")

    [audit] = AuditEntry.objects.filter(action="credit.granted")
    assert (audit.actor, audit.cause, audit.object) == (
        staff,
        "An outage.",
        f"referrals.creditgrant:{entry.pk}",
    )
    for missing in ({"note": "  "}, {"actor": None}):
        columns = {"actor": staff, "note": "Why.", "idem_key": "x", **missing}
        with pytest.raises(ReasonRequired):
            CreditGrant.objects.grant(ada, 30, "admin", at=NOON, **columns)


def test_more_than_a_year_takes_two_of_the_staff(ada, staff, another):
    for alone in (None, staff):
        with pytest.raises(SecondPersonRequired):
            gives(ada, 366, actor=staff, seconded_by=alone)
    proposal = CreditProposal.objects.propose(ada, 400, by=staff, reason="A founder.", at=NOON)
    with pytest.raises(SecondPersonRequired):
        proposal.approve(staff, NOON)
    assert until(ada) is None

    grant = proposal.approve(another, NOON)

    assert until(ada) == NOON + 400 * DAY
    assert grant is not None
    assert (grant.actor, proposal.decided_by, proposal.state) == (staff, another, "approved")
    assert proposal.approve(another, NOON) is None
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == [
        "credit.proposed",
        "credit.granted",
    ]


def test_a_proposal_may_be_declined_with_a_reason(ada, staff, another):
    proposal = CreditProposal.objects.propose(ada, 400, by=staff, reason="A founder.", at=NOON)

    with pytest.raises(ReasonRequired):
        proposal.decline(another, "", NOON)
    assert proposal.decline(another, "Too much.", NOON)
    assert not proposal.decline(another, "Too much.", NOON)
    assert proposal.approve(another, NOON) is None
    assert until(ada) is None
    audit = AuditEntry.objects.get(action="credit.declined")
    assert (audit.actor, audit.cause) == (another, "Too much.")


def test_the_database_lets_nobody_decide_about_their_own_proposal(ada, staff):
    proposal = CreditProposal.objects.propose(ada, 400, by=staff, reason="A founder.", at=NOON)

    with pytest.raises(IntegrityError), transaction.atomic():
        CreditProposal.objects.filter(pk=proposal.pk).update(decided_by=staff)


# --- The bank ---


@pytest.fixture
def after_paid(settings):
    """Rewards wait for the end of paid cover."""
    settings.REFERRAL_CREDIT_START = "after_paid"


def ends(person, at):
    Supporter.objects.filter(person=person).update(tier="free")
    membership_ended.send(sender=Person, person=person, at=at)


@pytest.mark.usefixtures("after_paid")
def test_days_wait_until_paid_cover_ends(brought, ada, bob):
    pays(bob)
    Supporter.objects.filter(person=bob).update(tier="paid")

    assert until(bob) is None
    assert CreditGrant.objects.standing_of(bob).banked_days == 45
    assert until(ada) == NOON + D

    ends(bob, NOON + 90 * DAY)
    ends(bob, NOON + 91 * DAY)

    assert until(bob) == NOON + 90 * DAY + D
    assert CreditGrant.objects.standing_of(bob).banked_days == 0


@pytest.mark.usefixtures("after_paid")
@pytest.mark.parametrize(("status", "waits"), [("active", 45), ("canceled", 0)])
def test_days_wait_for_no_membership_that_is_over(brought, bob, status, waits):
    customer = StripeCustomer.objects.create(customer_id="cus_1", person=bob, livemode=False, created_at=NOON)
    subscription = Subscription.objects.create(
        stripe_id="sub_1",
        customer=customer,
        person=bob,
        status=status,
        amount=500,
        currency="eur",
        is_membership=True,
        fetched_at=NOON,
    )

    pays(bob, subscription=subscription)

    assert CreditGrant.objects.standing_of(bob).banked_days == waits
    assert until(bob) == (None if waits else NOON + D)


@pytest.mark.usefixtures("after_paid")
def test_days_of_staff_run_at_once(ada):
    Supporter.objects.create(person=ada, tier="paid")

    gives(ada, 10)

    assert until(ada) == NOON + 10 * DAY


@pytest.mark.usefixtures("after_paid")
def test_what_is_banked_is_taken_frozen_and_given_again_in_the_bank(brought, bob):
    payment = pays(bob)
    Supporter.objects.filter(person=bob).update(tier="paid")

    dispute(payment)
    assert CreditGrant.objects.standing_of(bob).banked_days == 0
    wins(payment)
    assert CreditGrant.objects.standing_of(bob).banked_days == 45
    refund(payment, at=NOON + 3 * DAY)
    assert CreditGrant.objects.standing_of(bob) == Standing(None, 0)

    ends(bob, NOON + 90 * DAY)
    assert until(bob) is None


@pytest.mark.usefixtures("after_paid")
def test_a_bank_is_emptied_as_often_as_it_was_filled(ada):
    for turn in range(2):
        Supporter.objects.update_or_create(person=ada, defaults={"tier": "paid"})
        pays(introduced(ada).referred, NOON + turn * DAY)
        ends(ada, NOON + turn * DAY)

    assert until(ada) == NOON + 2 * D
    assert CreditGrant.objects.filter(kind="started").count() == 2


# --- One person after all ---


def test_who_turns_out_to_be_somebody_takes_their_days_along(ada):
    visitor = Person.objects.create()
    visitor.aliases.create(kind="visitor", value="v")
    gives(ada, 10)
    gives(visitor, 20, NOON + DAY)
    brought = introduced(visitor)

    claim(visitor, ada.account, at=NOON + 2 * DAY)

    brought.refresh_from_db()
    assert brought.referrer == ada
    assert until(ada) == NOON + 30 * DAY
    assert until(visitor) is None


@pytest.mark.usefixtures("after_paid")
def test_a_visitor_s_bank_starts_when_they_turn_out_to_be_nobody_s_member(ada):
    visitor = Person.objects.create()
    visitor.aliases.create(kind="visitor", value="v")
    Supporter.objects.create(person=visitor, tier="paid")
    Supporter.objects.create(person=ada)
    pays(introduced(visitor).referred)

    claim(visitor, ada.account, at=NOON + DAY)

    assert until(ada) == NOON + DAY + D


def test_a_visitor_s_wishes_come_along_with_their_days(ada):
    visitor = Person.objects.create()
    visitor.aliases.create(kind="visitor", value="v")
    gives(visitor, 20)
    Supporter.objects.filter(person=visitor).update(never_ask=True)

    claim(visitor, ada.account, at=NOON + DAY)

    assert until(ada) == NOON + 20 * DAY
    assert Supporter.objects.get(person=ada).never_ask


def test_nobody_comes_to_have_brought_themselves(ada):
    visitor = Person.objects.create()
    visitor.aliases.create(kind="visitor", value="v")
    brought = introduced(visitor, ada)

    claim(visitor, ada.account, at=NOON)

    brought.refresh_from_db()
    assert (brought.referrer, brought.referred) == (None, ada)


def test_of_two_introductions_the_account_s_own_stays(ada, bob):
    visitor = Person.objects.create()
    visitor.aliases.create(kind="visitor", value="v")
    own, other = introduced(ada, bob), introduced(somebody(), visitor)

    claim(visitor, bob.account, at=NOON)

    assert Referral.objects.get(referred=bob) == own
    other.refresh_from_db()
    assert other.referred == visitor


# --- The check ---


def test_the_check_names_who_drifted_and_fails(ada, bob):
    gives(ada, 5)
    gives(bob, 5)
    call_command("credit_check", stdout=StringIO())
    Supporter.objects.filter(person=bob).update(credit_until=NOON)

    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("credit_check", stdout=out)

    assert failed.value.returncode == 1
    assert str(bob.public_id) in out.getvalue()
    assert str(ada.public_id) not in out.getvalue()
    gives(bob, 1)


def test_credit_without_a_ledger_is_drift(ada):
    Supporter.objects.create(person=ada, credit_until=NOON)

    [drift] = CreditGrant.objects.drift()

    assert (drift.person, drift.projected, drift.recorded) == (ada.pk, None, NOON)
    Supporter.objects.update(credit_until=None)


def test_a_drift_is_an_alert_until_it_is_mended(ada):
    Supporter.objects.create(person=ada, credit_until=NOON)
    assert check_credits(NOON) == 1
    assert Alert.objects.open().filter(key="referrals.drift", severity="critical").exists()

    Supporter.objects.update(credit_until=None)

    assert check_credits(NOON) == 0
    assert not Alert.objects.open().exists()


def test_an_entry_between_two_readings_is_no_drift(ada, monkeypatch):
    gives(ada, 5)
    turns = []

    def grows(entries):
        turns.append(entries)
        if len(turns) == 1:
            gives(ada, 5)
        return replay(entries)

    monkeypatch.setattr("referrals.querysets.credits.replay", grows)

    assert list(CreditGrant.objects.drift()) == []
    assert until(ada) == NOON + 10 * DAY


def test_nothing_but_the_ledger_writes_what_is_projected(settings):
    writes = re.compile(r"\.credit_until\s*=[^=]|(update|create)\([^)]*credit_until")
    sources = [
        path
        for app in ("donations", "referrals", "growth", "telemetry")
        for path in (settings.BASE_DIR / app).rglob("*.py")
        if not {"tests", "migrations"} & set(path.parts)
    ]

    found = {str(path.relative_to(settings.BASE_DIR)) for path in sources if writes.search(path.read_text())}

    assert found == {"referrals/querysets/credits.py"}
