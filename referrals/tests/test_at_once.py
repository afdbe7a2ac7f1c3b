"""Many things at the same instant: each reward once, none lost, nobody waits in a ring."""

from __future__ import annotations

from functools import partial
from threading import Barrier, Event as Moment, get_ident

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import Error, IntegrityError, OperationalError, transaction
from django.db.models import Sum

from donations.models import Payment, Supporter
from referrals import abuse, clawback, conversion, jobs, locks, verdicts
from referrals.jobs import credit_delayed, release_held
from referrals.models import CreditGrant, CreditProposal, Referral
from referrals.querysets.credits import CreditGrantQuerySet
from referrals.querysets.proposals import CreditProposalQuerySet
from referrals.tests.conftest import (
    DAY,
    NOON,
    D,
    a_payment,
    gives,
    introduced,
    pays,
    refund,
    settle,
    somebody,
    until,
)
from telemetry.models import AuditEntry
from telemetry.operations.slots import LOCK_NOT_AVAILABLE
from telemetry.people.erasure import erase
from telemetry.people.querysets import PersonQuerySet
from telemetry.signals import person_erased
from telemetry.tests.ingest.test_store_in_parallel import together
from telemetry.tests.missing import without_constraint

pytestmark = pytest.mark.django_db(transaction=True)

#: Whoever waits for another thread that never comes gives up.
PATIENCE = 9
CARD = "c" * 64

#: On SQLite, where one transaction writes at a time, there is less to see: not every day.
daily = () if settings.POSTGRESQL else pytest.mark.slow
often = pytest.mark.parametrize(
    "rounds", [pytest.param(2, marks=daily), pytest.param(25, marks=pytest.mark.slow)]
)


def errors(answers):
    return [answer for answer in answers if isinstance(answer, Error)]


def audits():
    return AuditEntry.objects.filter(action="referral.converted").count()


# --- One payment, told many times at once ---


@often
def test_a_payment_that_settles_many_times_at_once_converts_once(rounds):
    for number in range(1, rounds + 1):
        brought = introduced(somebody())
        payment = a_payment(brought.referred)

        assert not errors(together([partial(settle, payment)] * 8))

        assert until(brought.referrer) == until(brought.referred) == NOON + D
        assert CreditGrant.objects.count() == 2 * number
        assert audits() == number


# --- Three friends of one person ---


def three_pay_at_once():
    ada = somebody()
    Supporter.objects.create(person=ada)
    payments = [a_payment(introduced(ada).referred) for _ in range(3)]
    assert not errors(together([partial(settle, payment) for payment in payments]))
    return ada


@often
def test_three_friends_who_pay_at_the_same_instant_earn_three_times_the_days(rounds):
    for _round in range(rounds):
        assert until(three_pay_at_once()) == NOON + 3 * D


# --- A chain, and two who brought each other ---


@often
@pytest.mark.parametrize("order", [1, -1])
def test_a_chain_converts_at_once(rounds, order):
    for _round in range(rounds):
        ada, bob, carl = [somebody() for _ in range(3)][::order]
        payments = [a_payment(introduced(ada, bob, confirmed_at=NOON).referred)]
        payments.append(a_payment(introduced(bob, carl, confirmed_at=NOON).referred))
        get_user_model().objects.update(date_joined=NOON)

        assert not errors(together([partial(settle, payment) for payment in payments]))

        assert (until(ada), until(bob), until(carl)) == (NOON + D, NOON + 2 * D, NOON + D)


def each_other():
    """Two who brought each other, as no life would have it; each has paid."""
    ada, bob = somebody(joined=NOON), somebody(joined=NOON)
    payments = [a_payment(introduced(ada, bob).referred), a_payment(introduced(bob, ada).referred)]
    Supporter.objects.bulk_create([Supporter(person=ada), Supporter(person=bob)])
    return ada, bob, payments


@often
def test_two_who_brought_each_other_do_not_wait_in_a_ring(rounds):
    for _round in range(rounds):
        ada, bob, payments = each_other()

        assert not errors(together([partial(settle, payment) for payment in payments]))

        assert until(ada) == until(bob) == NOON + 2 * D


# --- Somebody is erased meanwhile ---


def paid_once_it_goes(payment):
    """As an inbox does: what waited too long for a lock is tried again, and nothing else."""
    for _turn in range(3):
        try:
            return settle(payment)
        except OperationalError as error:
            if not waited_for_a_lock(error):
                raise
    return settle(payment)


def waited_for_a_lock(error):
    """Whether that is all: two who waited for each other in a ring are a fault."""
    timed_out = getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE
    return timed_out or str(error) == "database is locked"


@often
def test_who_brought_them_is_erased_at_the_instant_of_the_payment(rounds):
    for _round in range(rounds):
        ada = somebody()
        brought = introduced(ada)
        friend, payment = brought.referred, a_payment(brought.referred)

        answers = together(
            [partial(paid_once_it_goes, payment), partial(erase, ada, at=NOON)],
        )

        assert not errors(answers)
        brought.refresh_from_db()
        assert (brought.referrer, brought.state) == (None, "converted")
        assert until(friend) == NOON + D


# --- Decisions, jobs and refunds at once ---


@often
def test_a_held_reward_is_given_once_by_whoever_comes_first(rounds):
    staff = get_user_model().objects.create_user("grace@growth.example", is_staff=True)
    for _round in range(rounds):
        held = introduced(somebody())
        pays(held.referred, risk_level="highest")
        later = NOON + 14 * DAY

        answers = together(
            [partial(release_held, later)] * 2 + [partial(held.approve, staff, "I know them.", later)] * 2
        )

        assert not errors(answers)
        assert sorted(answers) == [False, False, False, True]
        assert until(held.referrer) == later + D


@often
def test_a_delayed_reward_is_given_once(rounds, settings):
    settings.REFERRAL_HOLD_DAYS = 14
    for _round in range(rounds):
        brought = introduced(somebody())
        pays(brought.referred)

        assert sum(together([partial(credit_delayed, NOON + 14 * DAY)] * 4)) == 1

        assert until(brought.referrer) == NOON + 14 * DAY + D


@often
def test_a_refund_that_is_told_at_once_takes_the_days_once(rounds):
    for _round in range(rounds):
        ada = somebody()
        payment = pays(introduced(ada).referred)
        gives(ada, 100)

        assert not errors(together([partial(refund, payment)] * 4))

        assert until(ada) == NOON + 100 * DAY


def a_held_reward():
    """A reward that is held, the two payments it is for, and when it is released."""
    held = introduced(somebody())
    paid = [pays(held.referred), pays(held.referred, kind="renewal", risk_level="highest")]
    return held, paid, NOON + 14 * DAY


def goes_back(payment, at):
    """A refund as it is settled: in one transaction, the payment's row first."""
    with transaction.atomic():
        refund(Payment.objects.select_for_update().get(pk=payment.pk), at=at)


def days_of(referral):
    """What both sides have of it."""
    return CreditGrant.objects.filter(referral=referral).aggregate(days=Sum("days"))["days"] or 0


@often
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("decided_by", ["time", "staff"])
@pytest.mark.parametrize("which", [0, 1])
def test_a_refund_at_the_instant_of_the_reward_leaves_nobody_any_days(
    rounds, which, decided_by, order, settings
):
    settings.REFERRAL_MINIMUM = 1000
    staff = get_user_model().objects.create_user("grace@growth.example", is_staff=True)
    for _round in range(rounds):
        held, paid, later = a_held_reward()
        by_staff = partial(held.approve, staff, "I know them.", later)
        decides = by_staff if decided_by == "staff" else partial(release_held, later)

        assert not errors(together([partial(goes_back, paid[which], later), decides][::order]))

        assert days_of(held) == 0


@often
def test_a_reward_too_many_is_capped_though_both_come_at_once(rounds, settings):
    settings.REFERRAL_YEARLY_CAP = 1
    for _round in range(rounds):
        ada = somebody()
        payments = [a_payment(introduced(ada).referred) for _ in range(2)]

        assert not errors(together([partial(settle, payment) for payment in payments]))

        assert until(ada) == NOON + D
        assert sorted(Referral.objects.filter(referrer=ada).values_list("state", flat=True)) == [
            "capped",
            "converted",
        ]


@often
def test_a_card_is_rewarded_once_though_two_pay_with_it_at_once(rounds):
    for number in range(rounds):
        payments = [
            a_payment(introduced(somebody()).referred, card_digest=f"{number:064d}") for _ in range(2)
        ]

        assert not errors(together([partial(settle, payment) for payment in payments]))

        states = Referral.objects.filter(payment__in=payments).values_list("state", flat=True)
        assert sorted(states) == ["converted", "held"]


@often
def test_a_key_is_entered_once(rounds):
    for number in range(rounds):
        ada = somebody()

        answers = together([partial(gives, ada, 5, idem_key=f"once:{number}")] * 4)

        assert not errors(answers)
        assert until(ada) == NOON + 5 * DAY


@often
def test_a_proposal_is_approved_once(rounds):
    one, other = (
        get_user_model().objects.create_user(f"{name}@growth.example", is_staff=True)
        for name in ("grace", "edsger")
    )
    for _round in range(rounds):
        ada = somebody()
        proposal = CreditProposal.objects.propose(ada, 400, by=one, reason="A founder.", at=NOON)

        answers = together([partial(proposal.approve, other, NOON)] * 4)

        assert not errors(answers)
        assert answers.count(None) == 3
        assert until(ada) == NOON + 400 * DAY


if settings.POSTGRESQL:  # SQLite lets one transaction write at a time: there the locks have nothing to do.

    @pytest.fixture
    def mended():
        """What a missing guard broke is mended after the test."""
        yield
        for supporter in Supporter.objects.all():
            CreditGrant.objects.project(supporter)

    @pytest.mark.guard
    def test_without_the_referral_s_lock_a_payment_converts_twice(monkeypatch):
        both_have_read, hold = Barrier(2), locks.hold

        def hold_once_both_have_read(people):
            both_have_read.wait(PATIENCE)
            return hold(people)

        brought = introduced(somebody())
        payment = a_payment(brought.referred)
        monkeypatch.setattr(locks, "lock", lambda rows: rows)
        monkeypatch.setattr(locks, "hold", hold_once_both_have_read)

        together([partial(settle, payment)] * 2)

        assert audits() == 2

    @pytest.mark.guard
    def test_without_the_supporters_locks_days_are_lost(monkeypatch, mended):
        all_have_entered, project = Barrier(3), CreditGrantQuerySet.project

        def project_once_all_have_entered(entries, supporter):
            all_have_entered.wait(PATIENCE)
            project(entries, supporter)

        monkeypatch.setattr(locks, "locked", lambda rows: rows)
        with monkeypatch.context() as patch:
            patch.setattr(CreditGrantQuerySet, "project", project_once_all_have_entered)
            ada = three_pay_at_once()

        assert until(ada) == NOON + D

    @pytest.mark.guard
    def test_without_an_order_of_locks_two_wait_for_each_other(monkeypatch):
        both_hold_one, first = Barrier(2), dict[int, int]()

        def one_after_the_other(rows):
            mine = first.setdefault(get_ident(), len(first))
            keys = sorted(rows.values_list("pk", flat=True), reverse=bool(mine))
            for number, pk in enumerate(keys):
                yield rows.model.objects.select_for_update().get(pk=pk)
                if number == 0 and len(keys) == 2 and not both_hold_one.broken:
                    both_hold_one.wait(PATIENCE)

        _ada, _bob, payments = each_other()
        monkeypatch.setattr(locks, "locked", one_after_the_other)

        assert errors(together([partial(settle, payment) for payment in payments]))

    @pytest.mark.guard
    def test_unless_people_are_held_an_erasure_comes_in_between(monkeypatch):
        read, erasing, locked = Moment(), Moment(), Moment()

        def not_held(_people, keys):
            if read.is_set():  # asked again, with the referral's lock
                locked.set()
            read.set()
            erasing.wait(PATIENCE)
            return set(keys)

        def tell(**_kwargs):
            erasing.set()
            locked.wait(PATIENCE)

        def erase_them(person):
            read.wait(PATIENCE)
            return erase(person, at=NOON)

        brought = introduced(somebody())
        payment = a_payment(brought.referred)
        monkeypatch.setattr(PersonQuerySet, "held", not_held)
        person_erased.connect(tell)
        try:
            answers = together([partial(settle, payment), partial(erase_them, brought.referrer)])
        finally:
            person_erased.disconnect(tell)

        assert errors(answers)

    @pytest.mark.guard
    def test_unless_a_refund_locks_what_is_held_both_keep_their_days(monkeypatch, settings):
        settings.REFERRAL_MINIMUM = 1000
        read, released = Moment(), Moment()

        def only_read(rows):
            found = rows.first()
            read.set()
            released.wait(PATIENCE)
            return found

        def release():
            read.wait(PATIENCE)
            release_held(later)
            released.set()

        held, (first, _second), later = a_held_reward()
        monkeypatch.setattr(clawback, "take", only_read)

        assert not errors(together([partial(goes_back, first, later), release]))

        assert days_of(held) == 90

    @pytest.mark.guard
    def test_without_the_payment_s_lock_a_refund_and_a_reward_wait_for_each_other(monkeypatch, settings):
        settings.REFERRAL_MINIMUM = 1000
        settling, rewarding = Moment(), Moment()
        take, reward = locks.take, conversion.reward

        def take_once_it_is_rewarded(rows):
            settling.set()
            rewarding.wait(PATIENCE)
            return take(rows)

        def reward_meanwhile(*args, **how):
            rewarding.set()
            return reward(*args, **how)

        def release():
            settling.wait(PATIENCE)
            return release_held(later)

        _held, (_first, second), later = a_held_reward()
        monkeypatch.setattr(locks, "lock_payment", lambda referral: None)
        monkeypatch.setattr(clawback, "take", take_once_it_is_rewarded)
        monkeypatch.setattr(jobs, "reward", reward_meanwhile)

        assert errors(together([partial(goes_back, second, later), release]))

    @pytest.fixture
    def both_pay_with_one_card(monkeypatch):
        """Friends of two people pay with one card, and neither is known when both are judged; the states."""
        both_are_judged, judge = Barrier(2), verdicts.judge

        def judge_together(case):
            verdict = judge(case)
            both_are_judged.wait(PATIENCE)
            return verdict

        def pay():
            payments = [a_payment(introduced(somebody()).referred, card_digest=CARD) for _ in range(2)]
            monkeypatch.setattr(conversion, "judge", judge_together)
            assert not errors(together([partial(settle, payment) for payment in payments]))
            return sorted(Referral.objects.filter(payment__in=payments).values_list("state", flat=True))

        return pay

    def test_a_card_is_rewarded_once_though_nothing_spoke_against_either(both_pay_with_one_card):
        assert both_pay_with_one_card() == ["converted", "held"]

    @pytest.mark.guard
    def test_without_the_constraint_a_card_is_rewarded_twice(both_pay_with_one_card, mended):
        with without_constraint(Referral, "one_reward_per_card"):
            assert both_pay_with_one_card() == ["converted", "converted"]

    @pytest.mark.guard
    def test_without_the_supporters_locks_one_is_rewarded_above_the_cap(monkeypatch, mended, settings):
        settings.REFERRAL_YEARLY_CAP = 1
        both_have_counted, is_at_the_cap = Barrier(2), abuse.is_at_the_cap

        def count_together(case):
            found = is_at_the_cap(case)
            both_have_counted.wait(PATIENCE)
            return found

        ada = somebody()
        Supporter.objects.create(person=ada)
        payments = [a_payment(introduced(ada).referred) for _ in range(2)]
        monkeypatch.setattr(locks, "locked", lambda rows: rows)
        monkeypatch.setattr(conversion, "is_at_the_cap", count_together)

        assert not errors(together([partial(settle, payment) for payment in payments]))

        states = Referral.objects.filter(referrer=ada).values_list("state", flat=True)
        assert list(states) == ["converted", "converted"]

    @pytest.mark.guard
    def test_without_the_locks_of_payment_and_referral_two_say_that_they_gave_what_was_delayed(
        monkeypatch, settings
    ):
        settings.REFERRAL_HOLD_DAYS = 14
        both_have_read, hold = Barrier(2), locks.hold

        def hold_once_both_have_read(people):
            both_have_read.wait(PATIENCE)
            return hold(people)

        pays(introduced(somebody()).referred)
        monkeypatch.setattr(locks, "lock_payment", lambda referral: None)
        monkeypatch.setattr(locks, "lock", lambda rows: rows)
        monkeypatch.setattr(locks, "hold", hold_once_both_have_read)

        assert together([partial(credit_delayed, NOON + 14 * DAY)] * 2) == [1, 1]

    @pytest.mark.guard
    def test_without_the_proposal_s_lock_two_say_that_they_approved_it(monkeypatch):
        both_have_read, grant = Barrier(2), CreditGrantQuerySet.grant

        def grant_once_both_have_read(*args, **how):
            both_have_read.wait(PATIENCE)
            return grant(*args, **how)

        one, other = (
            get_user_model().objects.create_user(f"{name}@growth.example", is_staff=True)
            for name in ("grace", "edsger")
        )
        proposal = CreditProposal.objects.propose(somebody(), 400, by=one, reason="A founder.", at=NOON)
        monkeypatch.setattr(CreditProposalQuerySet, "select_for_update", lambda rows: rows)
        monkeypatch.setattr(CreditGrantQuerySet, "grant", grant_once_both_have_read)

        first, second = together([partial(proposal.approve, other, NOON)] * 2)

        assert first == second == CreditGrant.objects.get()

    @pytest.mark.guard
    def test_unless_its_key_is_looked_up_a_gift_that_is_sent_again_fails(ada, monkeypatch):
        gives(ada, 5, idem_key="once")
        find = CreditGrantQuerySet.filter

        def find_no_key(rows, *args, **columns):
            return rows.none() if "idem_key" in columns else find(rows, *args, **columns)

        monkeypatch.setattr(CreditGrantQuerySet, "filter", find_no_key)

        with pytest.raises(IntegrityError, match="idem_key"):
            gives(ada, 5, idem_key="once")

    @pytest.mark.parametrize("guard", ["one_reward_per_side", "referrals_creditgrant_idem_key_key"])
    def test_the_database_has_the_last_word(guard, brought, ada):
        pays(brought.referred)
        given = CreditGrant.objects.get(person=ada)
        again = {"one_reward_per_side": "another"}.get(guard, given.idem_key)
        kind = given.kind if guard == "one_reward_per_side" else "refund_as_credit"

        with pytest.raises(IntegrityError, match=guard):
            CreditGrant.objects.create(
                person=ada,
                referral=brought,
                kind=kind,
                days=45,
                effective_at=NOON,
                created_at=NOON,
                idem_key=again,
            )
