"""The log of the support funnel: one row and one event for each touch."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from donations.events import Placement
from donations.interactions import (
    get_user_engagement_metrics,
    has_recent_donation_click,
    record_interaction,
    record_report_generated,
)
from donations.models import DonationInteraction, Supporter
from donations.models.interaction import EVENTS, InteractionType
from donations.querysets.interactions import seen_on
from donations.statistics import UsageStats
from donations.tests.funnel.conftest import A_SECOND, DAY, NOON
from telemetry.log.events import property_types
from telemetry.log.models import Event
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("what", InteractionType)
def test_each_touch_is_a_row_and_an_event(ada, what):
    written = DonationInteraction.objects.record(
        ada, what, at=NOON, placement="header", prompt="seven_day", choice="10", variant="key_first"
    )

    row, event = DonationInteraction.objects.get(), Event.objects.get(type__name=EVENTS[what].name)
    assert written
    assert (row.placement, row.prompt, row.choice, row.variant) == ("header", "seven_day", "10", "key_first")
    assert event.occurred_at == row.created_at == NOON
    said = {"placement": "header", "prompt": "seven_day", "choice": "10", "variant": "key_first"}
    told = property_types(EVENTS[what]).keys() - {"amount", "currency"}
    assert event.properties == {name: said[name] for name in told}


def test_what_was_known_of_them_then_is_kept(ada):
    DonationInteraction.objects.record(ada, InteractionType.PAGE_VIEWED, at=NOON, placement="donate_page")

    row = DonationInteraction.objects.get()
    assert (row.time_entries_count, row.total_hours, row.days_since_signup) == (50, Decimal("12.3"), 100)


def test_money_is_told_by_the_event(ada):
    DonationInteraction.objects.record(
        ada, InteractionType.PAYMENT_SUCCEEDED, at=NOON, placement="header", amount=1000, currency="eur"
    )

    assert Event.objects.get().properties == {"placement": "header", "amount": 1000, "currency": "eur"}


def test_what_is_counted_once_is_told_once(ada):
    told = [
        DonationInteraction.objects.record(ada, InteractionType.CHECKOUT_STARTED, at=NOON, once="checkout:1")
        for _ in range(3)
    ]

    assert told == [True, False, False]
    assert DonationInteraction.objects.count() == Event.objects.count() == 1


def test_one_impression_counts_a_person_a_day_and_a_placement(ada):
    def seen(at, placement="banner", person=ada):
        return DonationInteraction.objects.record(
            person,
            InteractionType.BANNER_IMPRESSION,
            at=at,
            placement=placement,
            once=seen_on(person, placement, at),
        )

    assert [seen(NOON), seen(NOON + A_SECOND), seen(NOON, "dashboard_widget"), seen(NOON + DAY)] == [
        True,
        False,
        True,
        True,
    ]
    assert seen(NOON, person=Person.objects.create())


def test_the_day_of_an_impression_is_the_project_s(ada, settings):
    settings.TIME_ZONE = "Europe/Vienna"

    assert seen_on(ada, "banner", datetime(2026, 3, 4, 23, tzinfo=UTC)).endswith("2026-03-05:banner")


@pytest.mark.parametrize("said", [{"placement": "nowhere"}, {"placement": "header", "prompt": "nagging"}])
def test_words_outside_of_the_vocabulary_write_nothing(ada, said):
    with pytest.raises(ValueError, match="is not a valid"):
        DonationInteraction.objects.record(ada, InteractionType.MODAL_OPENED, at=NOON, **said)

    assert not DonationInteraction.objects.exists()


def test_a_touch_whose_event_cannot_be_stored_is_not_written_either(ada, monkeypatch):
    def refuse(*_said, **_more):
        raise OperationalError

    monkeypatch.setattr("donations.querysets.interactions.track", refuse)

    with pytest.raises(OperationalError):
        DonationInteraction.objects.record(ada, InteractionType.LINK_CLICKED, at=NOON, placement="header")

    assert not DonationInteraction.objects.exists()
    assert not Supporter.objects.exclude(asks_rest_until=None).exists()


def test_the_database_knows_the_types(ada):
    with pytest.raises(IntegrityError), transaction.atomic():
        DonationInteraction.objects.create(person=ada, interaction_type="nagged", created_at=NOON)


@pytest.mark.parametrize("what", InteractionType)
def test_a_click_lets_the_asking_rest_for_thirty_days(ada, what):
    DonationInteraction.objects.record(
        ada, what, at=NOON, placement="banner", choice="10", prompt="seven_day"
    )

    resting = Supporter.objects.filter(pk=ada.pk, asks_rest_until=NOON + 30 * DAY).exists()
    assert resting is what.is_a_click


def test_an_older_click_does_not_shorten_the_rest(ada):
    Supporter.objects.rest(ada, at=NOON)

    assert Supporter.objects.rest(ada, at=NOON - DAY) is False
    assert Supporter.objects.get().asks_rest_until == NOON + 30 * DAY


def test_the_product_speaks_of_accounts(account, ada):
    assert record_interaction(account, "support_shared", "settings", variant="control", at=NOON)
    row = DonationInteraction.objects.get()

    assert (row.person, row.placement, row.variant) == (ada, Placement.SETTINGS, "control")
    with pytest.raises(ValueError, match="nagged"):
        record_interaction(account, "nagged", "header")


@pytest.mark.parametrize("what", ["link_clicked", "support_donation_clicked", "support_license_clicked"])
def test_a_recent_click_is_one_of_thirty_days(account, ada, what):
    record_interaction(account, what, "support_modal", choice="10", at=NOON)

    assert has_recent_donation_click(account, at=NOON + 30 * DAY - A_SECOND)
    assert not has_recent_donation_click(account, at=NOON + 30 * DAY)
    assert not has_recent_donation_click(account, days=1, at=NOON + 2 * DAY)


def test_looking_at_the_page_is_no_click(account, ada):
    record_interaction(account, "page_viewed", "donate_page", at=NOON)

    assert not has_recent_donation_click(account, at=NOON)


def test_statistics_hold_hours_entries_days_and_reports(account, ada, django_assert_num_queries):
    for _ in range(3):
        record_report_generated(account, at=NOON)

    with django_assert_num_queries(1):
        known = get_user_engagement_metrics(account, at=NOON)
    assert known == UsageStats(total_hours=Decimal("12.3"), entries=50, days=100, reports=3)


def test_statistics_of_somebody_unknown_are_zeros(account):
    assert get_user_engagement_metrics(account, at=NOON) == UsageStats()
    assert UsageStats() == UsageStats(Decimal(0), 0, 0, 0)


def test_a_report_arms_the_prompt_after_it(account, ada):
    record_report_generated(account, at=NOON)

    assert Supporter.objects.get(pk=ada.pk).after_report_armed_at == NOON


def test_what_is_old_enough_may_be_pruned(account, ada):
    record_interaction(account, "page_viewed", at=NOON)

    assert DonationInteraction.objects.older_than(NOON + A_SECOND).exists()
    assert not DonationInteraction.objects.older_than(NOON).exists()
    assert timezone.is_aware(DonationInteraction.objects.get().created_at)
