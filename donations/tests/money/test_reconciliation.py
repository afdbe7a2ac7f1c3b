"""What was never delivered is found, and what is kept long enough is forgotten."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from donations import reconciliation
from donations.gateway import GatewayUnavailable
from donations.models import (
    Checkout,
    DevelopmentObject,
    Payment,
    StripeEvent,
    Subscription,
    Supporter,
    SupportMail,
)
from donations.reconciliation import last_look, reconcile
from donations.retention import forget_what_is_old
from donations.tasks import reconcile_with_stripe
from donations.tests.money.conftest import work
from telemetry.models import Alert, Heartbeat, Slot

DAY = timedelta(days=1)


def test_a_webhook_that_never_came_is_settled(shop, stripe, person, settle):
    told = shop.pay(person)

    reconcile(timezone.now())
    work()
    assert Payment.objects.get().person == person
    assert Supporter.objects.get(person=person).tier == "paid"

    settle([stripe.again(one) for one in told])
    reconcile(timezone.now())
    work()
    assert Payment.objects.count() == SupportMail.objects.count() == 1
    assert StripeEvent.objects.count() == len(told)


@pytest.fixture
def of_an_old_account(stripe):
    """Stripe writes what it lists as it did when the account was young."""
    for row in DevelopmentObject.objects.of("event"):
        DevelopmentObject.objects.change(row.body, api_version="2024-06-20.acacia")


@pytest.fixture
def told(shop, person):
    """What is told of a gift."""
    return shop.pay(person, "once")


def test_what_is_fetched_counts_in_whatever_version_it_is_written(told, of_an_old_account, person):
    reconcile(timezone.now())
    work()

    assert Payment.objects.get().person == person
    assert not Alert.objects.exists()


def test_what_an_endpoint_of_a_strange_version_told_is_worked_on_at_the_next_look(
    told, of_an_old_account, stripe, person, settle
):
    settle(stripe.again(one) for one in told)
    assert set(StripeEvent.objects.values_list("ignored", flat=True)) == {"version"}
    assert not Payment.objects.exists()

    for _look in range(2):
        reconcile(timezone.now())
        work()

    assert Payment.objects.get().person == person
    assert not StripeEvent.objects.exclude(state="done", ignored="").exists()


@pytest.mark.django_db
def test_a_look_begins_before_the_last_good_one_and_never_before_stripe_remembers():
    now = timezone.now()
    Heartbeat.objects.update_or_create(job=reconciliation.JOB, defaults={"finished_at": None})
    assert last_look(now) == now - 30 * DAY

    Heartbeat.objects.filter(job=reconciliation.JOB).update(finished_at=now - DAY)
    assert last_look(now) == now - 2 * DAY

    Heartbeat.objects.filter(job=reconciliation.JOB).update(finished_at=now - 60 * DAY)
    assert last_look(now) == now - 30 * DAY


def test_a_subscription_silent_for_a_week_is_looked_at_with_its_last_payment(shop, stripe, person, settle):
    settle(shop.pay(person))
    stripe.renews(Subscription.objects.get().stripe_id)
    reconciliation.refetch_subscriptions(timezone.now())
    assert not Payment.objects.filter(kind="renewal").exists()

    Subscription.objects.update(fetched_at=timezone.now() - 8 * DAY)
    reconciliation.refetch_subscriptions(timezone.now())

    assert Payment.objects.filter(kind="renewal").count() == 1


def test_a_checkout_open_for_more_than_a_day_is_looked_at(shop, stripe, person):
    paid, left = shop.begin(person, "once"), shop.begin(person, "once")
    stripe.pays(paid.session_id)
    stripe.lets_expire(left.session_id)
    reconciliation.look_at_open_checkouts(timezone.now())
    assert set(Checkout.objects.values_list("state", flat=True)) == {"open"}

    reconciliation.look_at_open_checkouts(timezone.now() + DAY)

    assert set(Checkout.objects.values_list("state", flat=True)) == {"paid", "expired"}


def test_what_stripe_does_not_know_stops_no_other(shop, stripe, person):
    gone, paid = shop.begin(person, "once"), shop.begin(person, "once")
    Checkout.objects.filter(pk=gone.pk).update(session_id="cs_gone")
    stripe.pays(paid.session_id)

    reconciliation.look_at_open_checkouts(timezone.now() + DAY)

    assert Payment.objects.count() == 1
    gone.refresh_from_db()
    assert gone.state == "expired"


def test_what_stripe_tells_in_an_odd_shape_stops_no_other_and_staff_are_told(shop, stripe, person, caplog):
    odd, paid = shop.begin(person, "once"), shop.begin(person, "once")
    stripe.pays(odd.session_id)
    stripe.pays(paid.session_id)
    DevelopmentObject.objects.change(
        DevelopmentObject.objects.body(odd.session_id), created="jane@growth.example"
    )

    reconciliation.look_at_open_checkouts(timezone.now() + DAY)

    assert Payment.objects.count() == 1
    assert Alert.objects.open().get().key == "stripe:reconciliation"
    assert "jane" not in f"{caplog.text} {Alert.objects.get().message}"


@pytest.mark.parametrize("trouble", [GatewayUnavailable, OperationalError])
def test_what_goes_away_by_itself_ends_the_look_and_is_no_alert(trouble, shop, person, monkeypatch):
    def fail(*_args, **_kwargs):
        raise trouble

    shop.begin(person, "once")
    monkeypatch.setattr(reconciliation, "fulfil", fail)

    with pytest.raises(trouble):
        reconciliation.look_at_open_checkouts(timezone.now() + DAY)
    assert not Alert.objects.exists()


def test_without_a_key_nobody_is_asked_and_nothing_fails(stripe, settings):
    settings.DEVELOPMENT_CHECKOUT = False

    reconcile(timezone.now())

    assert not stripe.calls


def test_a_turn_that_fails_is_given_back_and_one_that_ends_well_is_taken(shop, stripe, person):
    shop.pay(person)
    stripe.is_down = True
    with pytest.raises(GatewayUnavailable):
        reconcile_with_stripe()
    assert not Slot.objects.filter(job=reconciliation.JOB).exists()

    stripe.is_down = False
    with time_machine.travel(timezone.now(), tick=False):  # no midnight between them
        reconcile_with_stripe()
        reconcile_with_stripe()

    assert Slot.objects.filter(job=reconciliation.JOB).count() == 1
    assert StripeEvent.objects.exists()


def test_the_address_of_a_mail_that_was_given_up_goes_after_90_days_too(shop, person, settle):
    settle(shop.pay(person, "once"))
    SupportMail.objects.update(state="dead")

    forget_what_is_old(timezone.now() + 89 * DAY)
    assert SupportMail.objects.get().address
    forget_what_is_old(timezone.now() + 91 * DAY)
    assert not SupportMail.objects.get().address


def test_payloads_and_addresses_go_after_90_days_and_their_rows_stay(shop, stripe, person, settle):
    told = shop.pay(person, "once")
    settle(told)
    SupportMail.objects.due(timezone.now()).drain()
    events, mails = StripeEvent.objects.count(), SupportMail.objects.count()

    assert forget_what_is_old(timezone.now() + 89 * DAY) == 0
    assert forget_what_is_old(timezone.now() + 91 * DAY) == events + mails

    assert StripeEvent.objects.filter(payload__isnull=True).count() == events
    assert SupportMail.objects.filter(address="").count() == mails
    with time_machine.travel(timezone.now() + 200 * DAY):
        settle([stripe.again(one) for one in told])
    assert (StripeEvent.objects.count(), Payment.objects.count()) == (events, 1)
