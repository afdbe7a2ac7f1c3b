"""A worker dies before, in or after the transaction that settles: once, in the end."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from donations.models import Payment, StripeErrand, StripeEvent, Supporter, SupportMail
from donations.settlement import announcing
from donations.signals import membership_paid
from donations.tests.money.conftest import deliver, work
from growth.tests.invariants import assert_invariants
from telemetry.models import Alert, AuditEntry
from telemetry.operations.pending import LEASE, PendingWork

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rings")]

LATER = LEASE + timedelta(seconds=1)


class Killed(BaseException):
    """The process ends here: nothing that handles exceptions sees it."""


@pytest.fixture
def told(shop, person):
    """What Stripe tells of a first month, in the inbox."""
    told = shop.pay(person)
    deliver(told)
    return told


def die(*_args, **_kwargs):
    raise Killed


def workers_die(monkeypatch, target, name):
    """Each worker dies at this point, until nothing is left that comes so far."""
    deaths = 0
    with monkeypatch.context() as context:
        context.setattr(target, name, die)
        for _worker in range(5):
            try:
                work()
            except Killed:
                deaths += 1
    assert deaths


def assert_once(person):
    """All is there, once."""
    SupportMail.objects.due(timezone.now() + timedelta(minutes=5)).drain()
    assert Payment.objects.get().person == person
    assert SupportMail.objects.count() == len(mail.outbox) == 1
    assert Supporter.objects.get(person=person).tier == "paid"
    assert not StripeEvent.objects.exclude(state="done").exists()
    assert_invariants(timezone.now())


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (StripeEvent, "perform"),
        (StripeEvent, "record"),
        (announcing, "follow"),
        (announcing, "_log"),
        (AuditEntry.objects.all().__class__, "record"),
    ],
    ids=["before", "at its beginning", "before the tier", "before the log", "at the audit entry"],
)
def test_killed_before_the_commit_leaves_nothing_and_is_done_once(told, target, name, person, monkeypatch):
    workers_die(monkeypatch, target, name)
    assert not Payment.objects.exists()

    work(later=LATER)

    assert_once(person)


def test_killed_after_the_commit_sends_the_receipt_from_the_outbox(told, person, monkeypatch):
    work()
    killed_row = SupportMail.objects.get()
    killed_row.claim(timezone.now())

    assert_once(person)


def test_killed_when_stripe_has_refunded_refunds_once(told, person, admin_user, stripe, monkeypatch):
    work()
    payment = Payment.objects.get()
    payment.refund(200, by=admin_user, reason="Asked", at=timezone.now())
    workers_die(monkeypatch, PendingWork, "_settle")
    assert stripe.made("refund") == 1

    work(later=LATER)

    payment.refresh_from_db()
    assert (stripe.made("refund"), payment.amount_refunded) == (1, 200)
    assert StripeErrand.objects.get().state == "done"


def test_what_a_receiver_raises_undoes_all_is_told_at_once_and_done_when_mended(
    told, person, conversions, monkeypatch
):
    def fail(**_kwargs):
        raise ArithmeticError("a secret of ada@example.org")

    membership_paid.connect(fail)
    work()
    membership_paid.disconnect(fail)
    assert not Payment.objects.exists()
    assert not SupportMail.objects.exists()
    failing = Alert.objects.open().get()
    assert (failing.key, "ArithmeticError" in failing.message) == ("stripe:failing", True)
    assert "ada" not in failing.message
    assert "ArithmeticError" in set(StripeEvent.objects.values_list("last_error", flat=True))

    work(later=timedelta(minutes=2))

    assert_once(person)
    assert not Alert.objects.open().exists()


def test_after_seven_attempts_an_event_is_dead_and_staff_can_try_it_again(told, person, stripe):
    stripe.is_down = True
    pauses, at = [], timedelta(0)
    for _attempt in range(7):
        work(later=at)
        row = StripeEvent.objects.order_by("pk")[0]
        pauses.append(round((row.next_try_at - timezone.now() - at).total_seconds() / 60))
        at = row.next_try_at - timezone.now() + timedelta(seconds=5)

    assert pauses[:6] == [1, 5, 30, 120, 360, 1440]
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {"dead"}
    assert Alert.objects.open().get().key == "dead:donations.stripeevent"

    stripe.is_down = False
    for row in StripeEvent.objects.all():
        assert row.revive(timezone.now())
    work()
    assert Payment.objects.get().person == person
