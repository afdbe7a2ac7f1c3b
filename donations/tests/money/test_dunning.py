"""A renewal fails: one mail, days of grace, then the end; and back again when it is paid."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from donations.letters import letter
from donations.models import DevelopmentObject, Payment, StripeErrand, Subscription, Supporter, SupportMail
from donations.models.supporter import Tier
from donations.settlement.standing import end_grace
from donations.signals import membership_ended
from donations.tasks import end_what_is_past_due
from donations.tests.money.conftest import deliver, work
from telemetry.models import Alert, AuditEntry, Slot

INVOICE = "https://invoice.stripe.com/i/1"


@pytest.fixture
def ended():
    """Whose membership ended, as the floors above hear it."""
    heard = []

    def hear(person, **_kwargs):
        heard.append(person)

    membership_ended.connect(hear)
    yield heard
    membership_ended.disconnect(hear)


@pytest.fixture
def member(shop, person, settle):
    """A paying member; `subscription` is theirs."""
    settle(shop.pay(person))
    return person


@pytest.fixture
def subscription(member):
    return Subscription.objects.get(person=member)


def access(person, at):
    return Supporter.objects.get(person=person).has_paid_access(at)


def test_access_goes_on_through_the_grace_and_ends_with_it(stripe, member, subscription, settle, ended):
    settle(stripe.fails_to_renew(subscription.stripe_id))

    subscription.refresh_from_db()
    since = subscription.past_due_since
    assert Supporter.objects.get(person=member).grace_until == since + timedelta(days=7)
    assert access(member, since + timedelta(days=7) - timedelta(microseconds=1))
    assert not access(member, since + timedelta(days=7))

    assert end_grace(since + timedelta(days=7) - timedelta(seconds=1)) == 0
    assert end_grace(since + timedelta(days=7)) == 1
    assert end_grace(since + timedelta(days=8)) == 0
    assert Supporter.objects.get(person=member).tier == Tier.FREE
    assert ended == [member]
    assert [one["after"] for one in AuditEntry.objects.order_by("pk").values("after")] == [
        {"tier": "paid"},
        {"tier": "free"},
    ]
    assert SupportMail.objects.filter(kind="membership_ended").count() == 1


def test_whose_grace_is_over_reads_that_what_is_due_may_still_be_charged(
    stripe, member, subscription, settle
):
    settle(stripe.fails_to_renew(subscription.stripe_id))
    end_grace(timezone.now() + timedelta(days=8))

    told = letter(SupportMail.objects.get(kind="membership_ended"))
    assert told.subject == "Your paid access has ended"
    assert "may still be charged" in told.body
    assert "nothing is charged any more" not in told.body


def test_whose_membership_is_over_reads_that_nothing_is_charged_any_more(stripe, subscription, settle):
    settle(stripe.cancels(subscription.stripe_id, at_once=True))

    told = letter(SupportMail.objects.get(kind="membership_ended"))
    assert told.subject == "Your membership has ended"
    assert "nothing is charged any more" in told.body


def test_the_hourly_job_ends_what_is_past_due_once_a_turn(stripe, member, subscription, settle, ended):
    settle(stripe.fails_to_renew(subscription.stripe_id))

    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        end_what_is_past_due()
        end_what_is_past_due()

    assert ended == [member]
    assert Slot.objects.filter(job="donations.grace").count() == 1


def test_a_failed_renewal_is_told_once_with_the_way_to_mend_it(stripe, member, subscription):
    told = stripe.fails_to_renew(subscription.stripe_id)
    DevelopmentObject.objects.change(stripe.only("invoice", status="open"), hosted_invoice_url=INVOICE)
    deliver([*told, *(stripe.again(one) for one in told)])
    work()

    warning = SupportMail.objects.get(kind="renewal_failed")
    SupportMail.objects.due(timezone.now()).drain()

    assert warning.address == member.account.email
    body = next(one.body for one in mail.outbox if "did not go through" in one.subject)
    assert INVOICE in body
    assert "7 days" in body


def test_a_renewal_paid_within_the_grace_ends_it(stripe, member, subscription, settle, ended):
    settle(stripe.fails_to_renew(subscription.stripe_id))
    settle(stripe.catches_up(subscription.stripe_id))

    subscription.refresh_from_db()
    assert (subscription.status, subscription.past_due_since) == ("active", None)
    assert Supporter.objects.get(person=member).grace_until is None
    assert Payment.objects.filter(kind="renewal").count() == 1
    assert end_grace(timezone.now() + timedelta(days=30)) == 0
    assert ended == []


def test_a_renewal_paid_after_the_grace_brings_the_tier_back(stripe, member, subscription, settle):
    settle(stripe.fails_to_renew(subscription.stripe_id))
    end_grace(timezone.now() + timedelta(days=8))

    settle(stripe.catches_up(subscription.stripe_id))

    assert Supporter.objects.get(person=member).tier == Tier.PAID


def test_a_failure_that_is_told_late_warns_nobody(stripe, member, subscription, settle):
    failed = stripe.fails_to_renew(subscription.stripe_id)
    settle(stripe.catches_up(subscription.stripe_id))

    settle(failed)

    assert not SupportMail.objects.filter(kind="renewal_failed").exists()
    assert Supporter.objects.get(person=member).grace_until is None


def test_what_stripe_gives_up_ends_at_once(stripe, member, subscription, settle, ended):
    settle(stripe.fails_to_renew(subscription.stripe_id))
    settle(stripe.is_given_up(subscription.stripe_id))

    assert Supporter.objects.get(person=member).tier == Tier.FREE
    assert ended == [member]


def test_without_grace_days_access_ends_at_once(stripe, member, subscription, settle, settings):
    settings.SUPPORT_GRACE_DAYS = 0

    settle(stripe.fails_to_renew(subscription.stripe_id))

    assert not access(member, timezone.now())


def test_a_cancellation_at_the_end_of_the_period_ends_nothing_before(stripe, member, subscription, settle):
    settle(stripe.cancels(subscription.stripe_id))

    subscription.refresh_from_db()
    assert subscription.cancel_at == subscription.current_period_end
    assert access(member, timezone.now())
    assert not StripeErrand.objects.exists()


def test_a_bank_that_wants_a_confirmation_is_told_with_the_address(stripe, member, subscription, settle):
    stripe.fails_to_renew(subscription.stripe_id)
    invoice = stripe.only("invoice", status="open")
    DevelopmentObject.objects.change(invoice, hosted_invoice_url=INVOICE)
    stripe.teller.record("invoice.payment_action_required", invoice, timezone.now())

    settle(stripe.untold())

    warning = SupportMail.objects.get(kind="renewal_failed")
    assert warning.facts == {"invoice_url": INVOICE, "days": 7}


def test_a_first_month_that_arrives_late_is_paid_once(shop, stripe, person, settle):
    checkout = shop.begin(person)
    settle(stripe.pays_later(checkout.session_id))
    assert not Payment.objects.exists()

    settle(stripe.money_arrives(checkout.session_id))

    assert Payment.objects.get().kind == "membership"
    assert Supporter.objects.get(person=person).tier == Tier.PAID


def test_a_first_month_that_never_arrives_warns_of_no_renewal(shop, stripe, person, settle):
    checkout = shop.begin(person)
    settle(stripe.pays_later(checkout.session_id))

    settle(stripe.money_does_not_arrive(checkout.session_id))

    assert Supporter.objects.get(person=person).tier == Tier.FREE
    assert not Payment.objects.exists()
    assert set(SupportMail.objects.values_list("kind", flat=True)) == {"payment_failed", "membership_ended"}


def test_a_membership_that_is_paused_gives_no_access_until_it_is_resumed(
    stripe, member, subscription, settle, ended
):
    seen = stripe.only("subscription")
    for status, word in [("paused", "paused"), ("active", "resumed")]:
        DevelopmentObject.objects.change(seen, status=status)
        stripe.teller.record(f"customer.subscription.{word}", seen, timezone.now())
        settle(stripe.untold())

        subscription.refresh_from_db()
        assert subscription.status == status
        assert access(member, timezone.now()) is (status == "active")
    assert ended == [member]


@pytest.mark.parametrize(
    ("kind", "status"),
    [("invoice.voided", "void"), ("invoice.marked_uncollectible", "uncollectible")],
)
def test_an_invoice_that_is_given_up_is_no_payment_and_the_membership_is_as_stripe_has_it(
    kind, status, stripe, member, subscription, settle
):
    settle(stripe.fails_to_renew(subscription.stripe_id))
    invoice = stripe.only("invoice", status="open")
    DevelopmentObject.objects.change(invoice, status=status)
    DevelopmentObject.objects.change(stripe.only("subscription"), status="unpaid")
    stripe.teller.record(kind, invoice, timezone.now())
    assert access(member, timezone.now())

    settle(stripe.untold())

    subscription.refresh_from_db()
    assert (subscription.status, subscription.past_due_since) == ("unpaid", None)
    assert not access(member, timezone.now())
    assert Payment.objects.count() == 1
    assert SupportMail.objects.filter(kind="renewal_failed").count() == 1


def test_a_first_month_that_expires_unpaid_makes_nobody_a_member(shop, stripe, person, settle, ended):
    checkout = shop.begin(person)
    told = stripe.pays_later(checkout.session_id)
    seen = stripe.only("subscription")
    for status in ("incomplete", "incomplete_expired"):
        DevelopmentObject.objects.change(seen, status=status)
        stripe.teller.record("customer.subscription.updated", seen, timezone.now())
        settle([*told, *stripe.untold()])

    assert Subscription.objects.get().status == "incomplete_expired"
    assert Supporter.objects.get(person=person).tier == Tier.FREE
    assert (Payment.objects.count(), SupportMail.objects.count(), ended) == (0, 0, [])

    settle(shop.pay(person))
    assert Supporter.objects.get(person=person).tier == Tier.PAID
    assert not Alert.objects.exists()
