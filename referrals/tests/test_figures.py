"""What introductions amount to."""

from datetime import timedelta

import pytest

from referrals.figures import CONFIRMED, PAID, SIGNED_UP, Days, KFactor, Span, middle
from referrals.models import CreditGrant, Referral, ReferralClick, ReferralCode
from referrals.tests.conftest import DAY, NOON, gives, introduced, pays, refund, somebody
from telemetry.people.erasure import erase
from telemetry.people.models import Person

SPAN = Span(NOON - 7 * DAY, NOON + DAY, NOON + 30 * DAY)


def test_the_k_factor_of_the_worked_case():
    """AC-33: 200 people, 500 invitations, 60 accepted."""
    factor = KFactor(people=200, invites=500, accepted=60)

    assert factor.invites_each == 2.5
    assert factor.acceptance == pytest.approx(0.12)
    assert factor.k == pytest.approx(0.30)
    assert factor.limit == pytest.approx(285.71, abs=0.005)


def test_without_invitations_nothing_is_accepted_and_nothing_comes_of_it():
    factor = KFactor(people=200, invites=0, accepted=0)

    assert factor.acceptance is None
    assert factor.k == 0
    assert KFactor(0, 0, 0).k is None
    assert KFactor(10, 10, 10).limit is None


@pytest.mark.parametrize(
    ("values", "expected"), [([], None), ([3.0], 3.0), ([1.0, 5.0], 3.0), ([9.0, 1.0, 2.0], 2.0)]
)
def test_the_cycle_is_a_median(values, expected):
    assert middle(values) == expected


def test_friends_are_counted_by_how_far_they_came(db):
    ada = somebody("ada")
    introduced(ada, confirmed_at=None, state="provisional")
    introduced(ada)
    pays(introduced(ada).referred)
    introduced(ada, created_at=NOON - 8 * DAY)

    assert SPAN.counts() == {SIGNED_UP: 3, CONFIRMED: 2, PAID: 1}
    for step, count in SPAN.counts().items():
        assert SPAN.reached(step).count() == count


def test_what_came_later_is_not_known_yet(db):
    pays(introduced(somebody("ada")).referred)

    before = Span(SPAN.start, SPAN.end, NOON - timedelta(minutes=1))

    assert before.counts() == {SIGNED_UP: 1, CONFIRMED: 1, PAID: 0}


def test_only_accepted_friends_of_the_cohort_make_the_k_factor(db):
    ada = somebody("ada", joined=NOON - 2 * DAY)
    old = somebody("old", joined=NOON - 90 * DAY)
    code = ReferralCode.objects.issue_to(ada, at=NOON)
    for _opening in range(4):
        ReferralClick.objects.count_up(code, day=NOON.date())
    introduced(ada)
    introduced(ada, state="held")
    introduced(ada, state="rejected")
    introduced(ada, state="reversed")
    introduced(ada, state="provisional", confirmed_at=None)
    introduced(old)

    among = Person.objects.filter(pk__in=[ada.pk])
    factor = Span(SPAN.start, SPAN.end, SPAN.as_of).k_factor()
    friends = Referral.objects.filter(referrer=ada, state="pending")

    assert (factor.invites, factor.accepted) == (4, friends.count())
    assert Span(SPAN.start, SPAN.end, SPAN.as_of, among).k_factor().people == 1


def test_a_span_ends_with_the_day_before_the_midnight_that_ends_it(db):
    ada = somebody("ada", joined=NOON)
    code = ReferralCode.objects.issue_to(ada, at=NOON)
    midnight = NOON.replace(hour=0) + DAY
    for day in (NOON.date(), midnight.date(), midnight.date()):
        ReferralClick.objects.count_up(code, day=day)

    of_a_day = Span(midnight - DAY, midnight, midnight)

    assert of_a_day.days == (NOON.date(), NOON.date())
    assert of_a_day.opened() == 1
    assert [report.opened for report in of_a_day.by_code(10)] == [1]
    assert of_a_day.k_factor().invites == 1


def test_the_cycle_runs_from_sign_up_to_sign_up(db):
    introduced(somebody("ada", joined=NOON - 3 * DAY), created_at=NOON - DAY)

    assert SPAN.cycle_seconds() == (2 * DAY).total_seconds()


def test_rewards_cost_the_days_that_are_not_taken_back(db):
    payment = pays(introduced(somebody("ada")).referred)
    pays(introduced(somebody("eve")).referred)
    assert SPAN.cost() == Days(given=180, taken=0)

    refund(payment, at=NOON + timedelta(hours=1))

    assert SPAN.cost() == Days(given=180, taken=90)
    assert SPAN.cost().net == 90
    assert SPAN.rewarded().count() == 4


def test_among_some_only_their_days_are_counted(db):
    ada = somebody("ada")
    payment = pays(introduced(ada).referred)
    pays(introduced(somebody("eve")).referred)
    refund(payment, at=NOON + timedelta(hours=1))

    hers = Span(SPAN.start, SPAN.end, SPAN.as_of, Person.objects.filter(pk=ada.pk))

    assert hers.cost() == Days(given=45, taken=45)
    assert hers.rewarded().get() == ada


def test_days_of_whoever_was_erased_are_counted_for_everybody(db):
    ada = somebody("ada")
    pays(introduced(ada).referred)
    erase(ada, at=NOON + timedelta(hours=1))

    assert SPAN.cost() == Days(given=90, taken=0)


def test_days_of_staff_are_no_cost_of_introductions(db, ada):
    gives(ada, 10)

    assert SPAN.cost() == Days(0, 0)
    assert CreditGrant.objects.count() == 1


def test_codes_are_ordered_by_what_they_brought(db):
    ada, eve = somebody("ada"), somebody("eve")
    introduced(ada)
    pays(introduced(eve).referred)
    ReferralClick.objects.count_up(ReferralCode.objects.get(person=ada), day=NOON.date())

    first, second = SPAN.by_code(10)

    assert first.steps == (1, 1, 1)
    assert (second.opened, second.paid) == (1, 0)
    assert ReferralCode.objects.get(person=eve).code == first.code
    assert SPAN.reached(PAID, first.code).count() == 1
    assert SPAN.reached(PAID, second.code).count() == 0
    assert SPAN.opened() == 1
