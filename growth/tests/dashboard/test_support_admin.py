"""Payments, keys, the inbox and mail: what staff see of them, and do."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from donations.events import PaymentSucceeded, Placement
from donations.models import Checkout, Payment, StripeErrand, StripeEvent, SupporterKey, SupportMail
from growth.tests.dashboard.conftest import AS_OF, signed_in
from telemetry.log.track import track
from telemetry.models import AuditEntry, Event, Person

LISTS = ("payment", "checkout", "subscription")


@pytest.fixture
def payment(db):
    """Ten euros of somebody, three of which went back."""
    return Payment.objects.create(
        kind="once",
        person=Person.objects.create(),
        payment_intent_id="pi_1",
        amount=1000,
        amount_refunded=300,
        currency="eur",
        paid_at=AS_OF,
        created_at=AS_OF,
    )


def test_the_money_group_sees_payments_and_what_is_left_of_them(in_groups, payment):
    page = in_groups("Money").get("/admin/donations/payment/").content.decode()

    assert "€10" in page
    assert "€3" in page
    assert "€7" in page


@pytest.mark.parametrize("name", LISTS)
def test_without_the_permission_for_money_no_row_of_it_is_shown(in_groups, payment, name):
    client = in_groups("People", permissions=[f"donations.view_{name}"])

    assert client.get(f"/admin/donations/{name}/").status_code == 403


@pytest.mark.parametrize(("groups", "is_told"), [(["People"], False), (["People", "Money"], True)])
def test_what_was_paid_is_told_by_the_log_to_who_may_see_money(in_groups, payment, groups, is_told):
    track(payment.person, PaymentSucceeded(amount=1234, currency="eur", placement=Placement.HEADER), at=AS_OF)

    told = Event.objects.get(type__name=PaymentSucceeded.name)
    page = in_groups(*groups).get(f"/admin/telemetry/event/{told.pk}/change/").content.decode()

    assert "header" in page
    assert ("1234" in page) is is_told


def test_payments_are_found_by_their_ids_and_by_whom(browser_of_staff, payment):
    for asked in ("pi_1", payment.person.public_id):
        page = browser_of_staff.get("/admin/donations/payment/", {"q": asked}).content.decode()
        assert "€10" in page
    assert "€10" not in browser_of_staff.get("/admin/donations/payment/", {"q": "pi_"}).content.decode()


@pytest.mark.parametrize("verb", ["change", "delete"])
def test_facts_are_looked_at_only(browser_of_staff, payment, verb):
    response = browser_of_staff.post(f"/admin/donations/payment/{payment.pk}/{verb}/", {"post": "yes"})

    assert response.status_code == 403
    assert Payment.objects.filter(pk=payment.pk, amount=1000).exists()


def test_what_was_set_out_to_be_paid_is_listed(browser_of_staff, db):
    Checkout.objects.create(
        kind="monthly", amount=500, currency="chf", idempotency_key="checkout:1", created_at=AS_OF
    )

    assert "CHF 5" in browser_of_staff.get("/admin/donations/checkout/").content.decode()


def test_a_key_is_deactivated_once_asked_again_and_put_back(browser_of_staff, db):
    key = SupporterKey.objects.create(
        system_id="sys-1", signature="secret-signature", method="hmac", verified_at=AS_OF, created_at=AS_OF
    )
    address = f"/admin/donations/supporterkey/{key.pk}"
    browser_of_staff.get(f"{address}/deactivate/")
    assert SupporterKey.objects.standing().exists()

    for _ in range(2):
        browser_of_staff.post(f"{address}/deactivate/")
    assert not SupporterKey.objects.standing().exists()
    assert AuditEntry.objects.filter(action="supporter_key.deactivated").count() == 1

    browser_of_staff.post(f"{address}/reactivate/")
    assert SupporterKey.objects.standing().exists()
    assert "secret-signature" not in browser_of_staff.get(f"{address}/change/").content.decode()


def test_taking_a_key_out_of_use_needs_its_permission(in_groups, db):
    key = SupporterKey.objects.create(system_id="s", signature="k", method="hmac", created_at=AS_OF)
    client = in_groups("People")

    assert client.get("/admin/donations/supporterkey/").status_code == 200
    assert client.post(f"/admin/donations/supporterkey/{key.pk}/deactivate/").status_code == 403


def test_an_event_of_stripe_that_was_given_up_is_tried_again(browser_of_staff, db):
    event = StripeEvent.objects.create(
        event_id="evt_1",
        type="invoice.paid",
        livemode=False,
        payload={"email": "ada@growth.example"},
        stripe_created_at=AS_OF,
        next_try_at=AS_OF,
        state="dead",
        attempts=7,
    )
    asked = {"action": "try_again", "_selected_action": [event.pk]}
    page = browser_of_staff.get(f"/admin/donations/stripeevent/{event.pk}/change/").content.decode()
    browser_of_staff.post("/admin/donations/stripeevent/", asked)
    event.refresh_from_db()

    assert "ada@growth.example" not in page
    assert (event.state, event.attempts) == ("pending", 0)
    assert AuditEntry.objects.filter(action="work.revived").count() == 1


def test_the_inbox_is_not_for_everybody(in_groups):
    client = in_groups("Money", "People")

    assert client.get("/admin/donations/stripeevent/").status_code == 403
    assert client.get("/admin/donations/supportmail/").status_code == 403


@pytest.fixture
def may_refund(in_groups):
    """A client of staff who may give money back, without a second factor."""
    return in_groups("Refunds")


def test_a_refund_is_asked_for_once_with_its_reason(may_refund, payment):
    address = f"/admin/donations/payment/{payment.pk}/refund/"
    page = may_refund.get(address).content.decode()

    assert "€7 are left" in page
    assert not StripeErrand.objects.exists()

    may_refund.post(address, {"amount": "2.50", "reason": "Paid by mistake"})
    again = may_refund.post(address, {"amount": "2.50", "reason": "Paid by mistake"}).content.decode()

    errand = StripeErrand.objects.get()
    assert (errand.amount, errand.object_id, errand.reason) == (250, "pi_1", "Paid by mistake")
    assert AuditEntry.objects.get(action="payment.refund_asked").cause == "Paid by mistake"
    assert "under way" in again


def test_the_same_form_sent_again_after_its_refund_refunds_no_second_part(may_refund, payment):
    address = f"/admin/donations/payment/{payment.pk}/refund/"
    once = may_refund.get(address).context["form"]["once"].value()
    form = {"amount": "2.50", "reason": "Paid by mistake", "once": once}

    may_refund.post(address, form)
    StripeErrand.objects.update(state="done")
    again = may_refund.post(address, form)
    other = may_refund.post(address, form | {"amount": "1"}).content.decode()

    assert again.status_code == 302
    assert "with another amount" in other
    assert StripeErrand.objects.get().amount == 250

    page = may_refund.get(address)
    anew = page.context["form"]["once"].value()
    assert f'type="hidden" name="once" value="{anew}"' in page.content.decode()
    may_refund.post(address, form | {"once": anew})
    assert StripeErrand.objects.count() == 2


@pytest.mark.parametrize("amount", ["0", "-1", "7.01", "0.001", "NaN", "1e9", "all", ""])
def test_an_amount_that_is_not_left_is_refused(may_refund, payment, amount):
    response = may_refund.post(
        f"/admin/donations/payment/{payment.pk}/refund/", {"amount": amount, "reason": "So"}
    )

    assert "errorlist" in response.content.decode()
    assert not StripeErrand.objects.exists()


def test_a_refund_says_why(may_refund, payment):
    may_refund.post(f"/admin/donations/payment/{payment.pk}/refund/", {"amount": "1", "reason": " "})

    assert not StripeErrand.objects.exists()


def test_yen_have_no_parts(may_refund, payment):
    Payment.objects.update(currency="jpy")
    address = f"/admin/donations/payment/{payment.pk}/refund/"
    may_refund.post(address, {"amount": "7.5", "reason": "So"})
    assert not StripeErrand.objects.exists()

    may_refund.post(address, {"amount": "700", "reason": "So"})
    assert StripeErrand.objects.get().amount == 700


def test_seeing_money_is_not_giving_it_back(in_groups, payment):
    client = in_groups("Money", "People")
    address = f"/admin/donations/payment/{payment.pk}/refund/"

    assert client.get(address).status_code == 403
    assert client.post(address, {"amount": "1", "reason": "So"}).status_code == 403


def test_who_has_a_second_factor_shows_it_before_a_refund(payment, staff):
    TOTP.activate(staff, generate_totp_secret())
    client = signed_in(staff)
    address = f"/admin/donations/payment/{payment.pk}/refund/"

    for answer in (client.get(address), client.post(address, {"amount": "1", "reason": "So"})):
        assert answer.status_code == 302
        assert "/reauthenticate" in answer.url
    assert not StripeErrand.objects.exists()


def test_a_mail_that_may_have_arrived_is_sent_again_once_asked(browser_of_staff, payment):
    mail = SupportMail.objects.create(
        kind="receipt",
        once="receipt:1",
        address="ada@growth.example",
        payment=payment,
        state="done",
        is_uncertain=True,
        handed_over_at=AS_OF,
        next_try_at=AS_OF,
    )
    address = f"/admin/donations/supportmail/{mail.pk}/send-again/"
    assert "may have arrived" in browser_of_staff.get(address).content.decode()

    for _ in range(2):
        browser_of_staff.post(address)
    mail.refresh_from_db()

    assert (mail.state, mail.is_uncertain, mail.handed_over_at) == ("pending", False, None)
    assert AuditEntry.objects.filter(action="support_mail.sent_again").count() == 1
