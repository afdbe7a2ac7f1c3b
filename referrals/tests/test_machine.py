"""Whatever happens in whatever order: ledgers come to what is projected (I1), a payment rewards once (I2)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import count

import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from hypothesis import HealthCheck, Phase, settings as effort, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from donations.models import Payment, Supporter
from donations.signals import membership_ended
from referrals.jobs import credit_delayed, release_held
from referrals.ledger import LONGEST
from referrals.models import CreditGrant, Referral
from referrals.tests.conftest import (
    NOON,
    a_payment,
    dispute,
    gives,
    introduced,
    loses,
    refund,
    refund_fails,
    settle,
    somebody,
    wins,
)
from referrals.tests.invariants import assert_credit, assert_rewards
from telemetry.models import AuditEntry
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.tests.ingest.test_store_in_parallel import together

WHICH = st.integers(0, 3)
PEOPLE = 4


class Undone(Exception):
    """Something failed after all was done."""


class Circle(RuleBasedStateMachine):
    """A few people who bring each other, pay, have it back, quarrel with their banks, and leave."""

    credit_start = "now"
    hold_days = 0

    def __init__(self):
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(settings, "REFERRAL_CREDIT_START", self.credit_start)
        self.patch.setattr(settings, "REFERRAL_HOLD_DAYS", self.hold_days)
        self.patch.setattr(settings, "REFERRAL_YEARLY_CAP", 3)
        self.begins()
        self.before = Person.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        self.now, self.numbers = NOON, count()
        self.people = [somebody() for _ in range(PEOPLE)]
        self.payments: list[Payment] = []

    def begins(self):
        self.example = transaction.atomic()
        self.example.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)
        self.patch.undo()

    # --- What happens ---

    @rule(hours=st.integers(0, 24 * 40))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @rule(which=WHICH)
    def somebody_brings_a_friend_who_pays(self, which):
        brought = introduced(self.people[which], at=self.now)
        self.payments.append(settle(a_payment(brought.referred, self.now)))

    @rule(which=WHICH, other=WHICH)
    def somebody_is_brought_by_another(self, which, other):
        if which != other and not Referral.objects.filter(referred=self.people[other]).exists():
            joined = self.people[other].account.date_joined
            introduced(self.people[which], self.people[other], joined)
            Referral.objects.filter(referred=self.people[other]).update(captured_at=joined)

    @rule(which=WHICH, kind=st.sampled_from(["membership", "renewal", "once"]))
    def somebody_pays(self, which, kind):
        self.payments.append(settle(a_payment(self.people[which], self.now, kind=kind)))

    @rule(which=st.integers(0, 30))
    def a_payment_is_told_again(self, which):
        self.of_a_payment(which, partial(settle, at=self.now))

    @rule(which=st.integers(0, 30), part=st.sampled_from([1, 50, 500]))
    def a_payment_is_refunded(self, which, part):
        self.of_a_payment(
            which, lambda payment: refund(payment, max(part, payment.amount_refunded), self.now)
        )

    @rule(which=st.integers(0, 30))
    def a_refund_fails(self, which):
        self.of_a_payment(which, partial(refund_fails, at=self.now))

    @rule(which=st.integers(0, 30), what=st.sampled_from([dispute, wins, loses]))
    def a_bank_speaks(self, which, what):
        self.of_a_payment(which, partial(what, at=self.now))

    @rule(which=WHICH, days=st.integers(-60, 365).filter(bool))
    def staff_give_or_take(self, which, days):
        gives(self.people[which], days, self.now)

    @rule(which=WHICH)
    def staff_give_twice_by_mistake(self, which):
        key = f"twice:{next(self.numbers)}"
        assert gives(self.people[which], 5, self.now, idem_key=key) == gives(
            self.people[which], 5, self.now, idem_key=key
        )

    @rule(which=st.integers(0, 30), verdict=st.sampled_from(["approve", "reject"]))
    def staff_decide(self, which, verdict):
        rows = list(Referral.objects.order_by("pk"))
        if rows:
            grace = gives(somebody(), 1, self.now).actor
            getattr(rows[which % len(rows)], verdict)(grace, "So be it.", self.now)

    @rule()
    def time_decides(self):
        release_held(self.now)
        credit_delayed(self.now)

    @rule(which=WHICH, tier=st.sampled_from(["free", "paid"]))
    def a_membership_begins_or_ends(self, which, tier):
        person = self.people[which]
        Supporter.objects.update_or_create(person=person, defaults={"tier": tier})
        if tier == "free":
            membership_ended.send(sender=Supporter, person=person, at=self.now)

    @rule(which=WHICH)
    def somebody_is_erased(self, which):
        erase(self.people[which], at=self.now)
        self.people[which] = somebody(joined=self.now)

    @rule(which=WHICH)
    def what_fails_at_its_end_leaves_nothing(self, which):
        brought = introduced(self.people[which], at=self.now)
        payment = a_payment(brought.referred, self.now)
        before = self.everything()
        with pytest.raises(Undone):
            self.settles_in_vain(payment)
        assert self.everything() == before
        self.payments.append(settle(payment))

    # --- What always holds ---

    @invariant()
    def ledgers_come_to_what_is_projected(self):
        assert_credit()

    @invariant()
    def a_payment_rewards_once(self):
        assert_rewards()

    @invariant()
    def nobody_has_more_than_ten_years(self):
        """Of those of this life: one before, of which rows may still be there, came to a later day."""
        ours = Supporter.objects.filter(person__gt=self.before)
        assert not ours.filter(credit_until__gt=self.now + LONGEST).exists()

    @invariant()
    def days_follow_the_money(self):
        """What was reversed or frozen keeps no reward, what is converted keeps all of it."""
        families = CreditGrant.objects.rewards().annotate(
            kept=F("days") + Coalesce(Sum("reversed_by__days"), 0)
        )
        for days, kept, state in families.values_list("days", "kept", "referral__state"):
            assert kept == (days if state in ("converted", "capped") else 0)

    # --- How it is told ---

    @transaction.atomic
    def settles_in_vain(self, payment):
        settle(payment)
        raise Undone

    def of_a_payment(self, which, what):
        if self.payments:
            payment = self.payments[which % len(self.payments)]
            payment.refresh_from_db()
            what(payment)

    def everything(self):
        rows = CreditGrant.objects.order_by("pk").values_list("pk", "person", "days")
        untils = Supporter.objects.order_by("pk").values_list("pk", "credit_until")
        states = Referral.objects.order_by("pk").values_list("pk", "state", "converted_at", "credited_at")
        return [set(rows), dict(untils) | {"audit": AuditEntry.objects.count()}, set(states)]


class PatientCircle(Circle):
    """The same where days wait: for the end of paid cover, and two weeks for who brought a friend."""

    credit_start = "after_paid"
    hold_days = 14


def at_once(calls):
    """All of it at the same moment; the database refuses none of it."""
    assert not [answer for answer in together(calls) if isinstance(answer, Error)]


class CrowdedCircle(Circle):
    """The same where things come in pairs, each from a thread of its own, and all is committed."""

    def begins(self):
        Person.objects.exists()

    def teardown(self):
        self.patch.undo()
        # A life does not have to read those before it. SQLite refuses to forget entries.
        if settings.POSTGRESQL:
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE telemetry_person CASCADE")

    @rule(which=WHICH, other=WHICH)
    def two_friends_pay_at_once(self, which, other):
        brought = [introduced(self.people[one], at=self.now) for one in (which, other)]
        payments = [a_payment(one.referred, self.now) for one in brought]
        at_once([partial(settle, payment) for payment in payments * 2])
        self.payments += payments

    @rule(which=st.integers(0, 30), days=st.integers(1, 9))
    def a_refund_meets_a_gift_of_staff(self, which, days):
        if self.payments:
            payment = self.payments[which % len(self.payments)]
            payment.refresh_from_db()
            person = self.people[which % PEOPLE]
            at_once(
                [
                    partial(refund, payment, at=self.now),
                    partial(gives, person, days, self.now),
                    partial(gives, person, days, self.now),
                ]
            )


def lived_by(circle, examples, steps):
    run_state_machine_as_test(
        circle,
        settings=effort(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],  # to shorten a life takes longer than to read it
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("circle", [Circle, PatientCircle])
def test_days_add_up_whatever_happens(circle):
    lived_by(circle, examples=3, steps=20)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(("circle", "lives"), [(Circle, 200), (PatientCircle, 40)])
def test_days_add_up_whatever_happens_in_many_lives(circle, lives):
    lived_by(circle, examples=lives, steps=50)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_days_add_up_though_things_happen_at_once():
    """Two of the seventeen things that happen here are pairs.

    Not two hundred lives: each commits all it does and waits for its threads, and fifty took three minutes.
    On SQLite one transaction writes at a time: there is less to see, and it takes longer.
    """
    lived_by(CrowdedCircle, examples=25 if settings.POSTGRESQL else 10, steps=50)
