"""A key is bought at Stripe, mailed, and taken back with its money."""

import pytest
from django.utils import timezone

from donations.keys import this_system_id
from donations.letters import letter
from donations.models import Payment, StripeEvent, SupporterKey, SupportMail
from donations.reconciliation import reconcile
from donations.tests.keys.conftest import NOON, PRIVATE, signed
from donations.tests.money.conftest import deliver, work
from telemetry.models import Alert
from telemetry.people.erasure import erase

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def issuer(settings):
    settings.SUPPORT_KEY_PUBLIC, settings.SUPPORT_KEY_PRIVATE = "", PRIVATE


@pytest.fixture
def buy(shop, settle):
    """`buy(person, system_id=…)`: the payment."""

    def buy(person, **more):
        settle(shop.pay(person, "key", 2500, **more))
        return Payment.objects.get(kind="key")

    return buy


def test_whoever_buys_a_key_is_a_supporter_here_and_gets_it_by_mail(buy, person):
    payment = buy(person)

    assert payment.key.signature == signed(this_system_id(NOON))
    assert SupporterKey.objects.standing_for(person) == payment.key
    mail = SupportMail.objects.get(kind="key")
    assert (mail.address, mail.payment, mail.person) == (person.account.email, payment, person)


def test_a_guest_gets_it_at_the_address_given_at_stripe(buy):
    payment = buy(None, system_id="of-the-guest")

    assert payment.key.signature == signed("of-the-guest")
    assert (
        SupportMail.objects.get(kind="key").address == SupportMail.objects.get(kind="receipt").address != ""
    )


def test_told_again_it_is_neither_made_nor_mailed_again(buy, shop, person):
    told = shop.pay(person, "key", 2500)
    for _ in range(3):
        deliver(told)
        StripeEvent.objects.update(state="pending", attempts=0)
        work()

    assert SupporterKey.objects.count() == SupportMail.objects.filter(kind="key").count() == 1


def test_the_letter_holds_the_key_and_its_system_id(buy, person):
    buy(person, system_id="elsewhere")
    body = letter(SupportMail.objects.get(kind="key")).body

    assert signed("elsewhere") in body.splitlines()
    assert "elsewhere" in body.splitlines()
    assert "Enter it in the settings of that installation" in body


def test_a_full_refund_takes_the_key_out_of_use(buy, stripe, settle, person):
    payment = buy(person)
    settle(stripe.refunds(payment.charge_id, 1000))
    assert SupporterKey.objects.standing_for(person)

    settle(stripe.refunds(payment.charge_id, 1500))
    assert SupporterKey.objects.standing_for(person) is None


def test_a_refund_that_fails_at_the_bank_puts_the_key_back_into_use(buy, stripe, settle, person):
    payment = buy(person)
    settle(stripe.refunds(payment.charge_id))
    settle(stripe.refund_fails(stripe.only("refund")["id"]))

    assert SupporterKey.objects.standing_for(person) == payment.key


def test_what_staff_took_out_of_use_stays_so_whatever_the_money_does(buy, stripe, settle, person):
    payment = buy(person)
    payment.key.deactivate(by=person.account, at=NOON, cause="")
    settle(stripe.refunds(payment.charge_id))
    settle(stripe.refund_fails(stripe.only("refund")["id"]))

    assert SupporterKey.objects.standing_for(person) is None


def test_who_was_erased_gets_no_key_again(buy, person):
    buy(person)
    erase(person, at=timezone.now())

    assert SupporterKey.objects.issue_what_waits(at=NOON) == 0
    assert not SupporterKey.objects.exists()


def test_a_payment_is_recorded_though_no_key_can_be_made_and_it_is_made_later(buy, settings):
    settings.SUPPORT_KEY_PRIVATE = ""
    payment = buy(None)
    assert not SupporterKey.objects.exists()
    assert Alert.objects.open().get().key == "donations:key-unissued"
    assert SupporterKey.objects.issue_what_waits(at=NOON) == 0

    settings.SUPPORT_KEY_PRIVATE = PRIVATE
    assert [SupporterKey.objects.issue_what_waits(at=NOON) for _ in range(2)] == [1, 0]
    assert SupporterKey.objects.get().payment == payment
    assert SupportMail.objects.get(kind="key").address == SupportMail.objects.get(kind="receipt").address
    assert not Alert.objects.open().exists()


def test_reconciliation_makes_what_waits(buy, person, settings):
    settings.SUPPORT_KEY_PRIVATE = ""
    buy(person)
    settings.SUPPORT_KEY_PRIVATE = PRIVATE
    reconcile(timezone.now())

    assert SupporterKey.objects.standing_for(person)
