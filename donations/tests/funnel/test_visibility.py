"""Who is asked what, where."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from donations.experiments import SUPPORT_HERO
from donations.models import Supporter, SupporterKey
from donations.tests.funnel.conftest import A_SECOND, DAY, NOON
from donations.visibility import SupportVisibility, people_asked
from telemetry.experiments.models import Assignment, Experiment
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db


def seen(person, at=NOON):
    return SupportVisibility.of(people_asked().get(pk=person.pk), at=at)


def is_known_as(person, **fields):
    Supporter.objects.update_or_create(person=person, defaults=fields)


def asked(sees):
    """By entry points, by a banner, by what comes up by itself."""
    return sees.entry_points, sees.banner, sees.prompt


def key_of(person, **fields):
    signed = {"system_id": "a", "signature": "b", "method": "hmac"}
    return SupporterKey.objects.create(person=person, verified_at=NOON, created_at=NOON, **signed, **fields)


def test_somebody_is_asked(ada):
    assert asked(seen(ada)) == (True, True, True)
    assert not seen(ada).supporter


@pytest.mark.parametrize(
    "paid",
    [
        {"tier": "paid"},
        {"tier": "paid", "grace_until": NOON + A_SECOND},
        {"credit_until": NOON + A_SECOND},
        {"last_gift_at": NOON - timedelta(days=365) + A_SECOND},
    ],
)
def test_a_supporter_is_never_asked_and_keeps_the_statistics(ada, paid):
    is_known_as(ada, **paid)
    ada_sees = seen(ada)

    assert ada_sees.supporter
    assert asked(ada_sees) == (False, False, False)
    assert ada_sees.statistics.entries == 50


@pytest.mark.parametrize(
    "ended",
    [
        {"tier": "paid", "grace_until": NOON},
        {"credit_until": NOON},
        {"last_gift_at": NOON - timedelta(days=365)},
    ],
)
def test_who_was_a_supporter_is_asked_again(ada, ended):
    is_known_as(ada, **ended)

    assert seen(ada).entry_points


def test_a_standing_key_makes_a_supporter_and_one_of_the_house_makes_everybody(ada):
    key = key_of(ada)
    assert seen(ada).supporter
    SupporterKey.objects.filter(pk=key.pk).update(deactivated_at=NOON)
    assert not seen(ada).supporter

    key_of(None, is_for_everybody=True)
    assert seen(ada).supporter


def test_nobody_is_a_supporter_by_another_s_key(ada):
    key_of(Person.objects.create())

    assert not seen(ada).supporter


def test_who_does_not_want_to_be_asked_is_not(ada):
    Supporter.objects.prefer(ada, never_ask=True)
    assert not seen(ada).entry_points

    Supporter.objects.prefer(ada, never_ask=False)
    assert seen(ada).entry_points


def test_a_site_asks_nobody_when_it_says_so(ada, settings):
    settings.SUPPORT_ASKING = False

    assert asked(seen(ada)) == (False, False, False)
    assert not seen(ada).supporter


def test_a_click_lets_banner_and_prompts_rest_to_the_second(ada):
    Supporter.objects.rest(ada, at=NOON)

    assert asked(seen(ada, NOON + 30 * DAY - A_SECOND)) == (True, False, False)
    assert asked(seen(ada, NOON + 30 * DAY)) == (True, True, True)


def test_a_dismissal_holds_thirty_days_at_its_placement(ada):
    Supporter.objects.dismiss(ada, "banner", at=NOON)
    Supporter.objects.dismiss(ada, "dashboard_widget", at=NOON + DAY)

    assert not seen(ada, NOON + 30 * DAY - A_SECOND).banner
    assert seen(ada, NOON + 30 * DAY).banner
    assert not seen(ada, NOON + 30 * DAY).may_ask_at("dashboard_widget")
    assert seen(ada).may_ask_at("header")


def test_one_soft_prompt_a_week(ada):
    is_known_as(ada, prompted_at=NOON)

    assert not seen(ada, NOON + 7 * DAY - A_SECOND).prompt
    assert seen(ada, NOON + 7 * DAY).prompt


@pytest.mark.parametrize(
    "quiet", [{"tier": "paid"}, {"never_ask": True}, {"asks_rest_until": NOON + A_SECOND}]
)
def test_what_waits_for_the_next_page_is_dropped_for_who_is_not_asked(ada, quiet):
    is_known_as(ada, after_report_armed_at=NOON, **quiet)

    assert not seen(ada).prompt
    assert Supporter.objects.get().after_report_armed_at is None


@pytest.fixture
def experiment(db):
    running = Experiment.objects.get(key=SUPPORT_HERO)
    running.start(at=NOON)
    return running


def request_of(user):
    request = RequestFactory().get("/")
    request.user, request.session = user, SessionStore()
    return request


def test_it_costs_one_query_a_request(ada, django_assert_num_queries):
    is_known_as(ada, tier="free")
    request = request_of(ada.account)
    with django_assert_num_queries(1):
        first = SupportVisibility.for_request(request)
        assert SupportVisibility.for_request(request) is first
    assert first.statistics.days >= 100


def test_it_costs_one_query_for_who_has_an_arm(ada, experiment, django_assert_num_queries):
    given = seen(ada).variant
    with django_assert_num_queries(1):
        again = SupportVisibility.for_request(request_of(ada.account))

    assert again.variant == given == Assignment.objects.get().arm.name


def test_no_arm_is_given_to_who_is_not_asked(ada, experiment):
    is_known_as(ada, tier="paid")

    assert seen(ada).variant == ""
    assert not Assignment.objects.exists()


def test_what_is_rolled_out_is_shown_to_everybody(ada, experiment):
    experiment.roll_out(experiment.arms.get(name="key_first"), at=NOON)

    assert seen(ada).variant == "key_first"


def test_a_visitor_finds_the_entry_points_and_nothing_comes_up(db):
    visitor = SupportVisibility.for_request(request_of(AnonymousUser()))

    assert asked(visitor) == (True, False, False)
