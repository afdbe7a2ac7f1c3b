"""The embedded default plays Stripe's pages, and tells what Stripe would tell."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from donations.gateway import fetch_session, fetch_subscription
from donations.models import Checkout, Payment, StripeEvent, Subscription, Supporter
from telemetry.people.models import Person


@pytest.fixture
def checkout(begin, person):
    return begin(person, at=timezone.now())


@pytest.fixture
def act(client):
    """`act(checkout, "pay")`: a button of the development checkout."""

    def act(checkout, act, **fields):
        return client.post(f"/donate/development/{checkout.session_id}/", {"act": act} | fields)

    return act


def drain():
    StripeEvent.objects.due(timezone.now()).drain()


def test_the_address_of_a_checkout_is_the_development_page(client, checkout):
    page = client.get(checkout.session_url)

    assert checkout.session_url == f"http://testserver/donate/development/{checkout.session_id}/"
    assert "€5".encode() in page.content
    assert b"No money moves" in page.content


def test_paying_tells_it_signed_and_leads_to_the_thanks(act, checkout):
    answer = act(checkout, "pay")

    assert answer.status_code == 303
    assert answer["Location"] == f"http://testserver/donate/thanks/?session_id={checkout.session_id}"
    event = StripeEvent.objects.get()
    assert (event.type, event.object_id) == ("checkout.session.completed", checkout.session_id)
    drain()
    assert Payment.objects.get().money.amount == 500


def test_a_membership_is_paid_with_all_its_events(act, begin, person):
    checkout = begin(person, kind="monthly", at=timezone.now())
    act(checkout, "pay")
    assert StripeEvent.objects.count() == 4

    drain()

    assert Supporter.objects.get(person=person).has_paid_access(timezone.now())


def test_a_guest_types_where_the_receipt_goes(act, begin):
    checkout = begin(None)

    act(checkout, "pay", email="guest@growth.example")

    assert fetch_session(checkout.session_id).email == "guest@growth.example"


@pytest.mark.parametrize("acts", [["pay"], ["later", "arrive"]])
def test_everybody_has_a_card_of_their_own(act, begin, person, acts):
    friend = Person.objects.of_account(get_user_model().objects.create_user("friend@growth.example"))
    for payer in (person, friend):
        checkout = begin(payer, kind="monthly", at=timezone.now())
        for each in acts:
            act(checkout, each)
    drain()

    cards = {payment.card_digest for payment in Payment.objects.all()}
    assert len(cards) == 2
    assert "" not in cards


@pytest.mark.parametrize(
    "typed", ["", "nobody", "a\0@growth.example", "a@growth.example\r\nBcc: b@growth.example"]
)
def test_what_is_no_address_is_not_taken_for_one(act, begin, typed):
    checkout = begin(None)

    act(checkout, "pay", email=typed)

    assert fetch_session(checkout.session_id).email == "donor@example.org"


def test_a_slow_bank_decides_later(act, checkout):
    act(checkout, "later")
    drain()
    checkout.refresh_from_db()
    assert (checkout.state, Payment.objects.count()) == ("processing", 0)

    act(checkout, "arrive")
    drain()
    assert Payment.objects.count() == 1


def test_a_slow_bank_may_say_no(act, checkout):
    act(checkout, "later")
    act(checkout, "fail")
    drain()

    checkout.refresh_from_db()
    assert (checkout.state, Payment.objects.count()) == ("failed", 0)


def test_a_declined_card_leaves_the_page_open(act, checkout):
    answer = act(checkout, "decline")

    assert b"was declined" in answer.content
    assert fetch_session(checkout.session_id).status == "open"
    assert not StripeEvent.objects.exists()


def test_going_back_pays_nothing(act, checkout):
    assert act(checkout, "back")["Location"] == "http://testserver/donate/"
    assert fetch_session(checkout.session_id).status == "open"


@pytest.mark.parametrize("what", ["arrive", "fail", "", "refund", "a\x00"])
def test_a_button_that_is_not_there_does_nothing(act, checkout, what):
    assert act(checkout, what).status_code == 200
    assert fetch_session(checkout.session_id).payment_status == "unpaid"


def test_paid_twice_is_paid_once(act, checkout, stripe):
    act(checkout, "pay")
    act(checkout, "pay")

    assert stripe.made("charge") == 1


def test_there_is_nothing_where_money_is_real(client, checkout, settings):
    settings.DEVELOPMENT_CHECKOUT = False

    assert client.get(checkout.session_url).status_code == 404
    assert client.get("/donate/development/portal/bps_1/").status_code == 404


def test_an_unknown_session_is_nothing(client, db):
    for name in ("cs_unknown", "portal/bps_unknown", "a%00b", "portal/a%00b", "..%2f..", "x" * 300):
        assert client.get(f"/donate/development/{name}/").status_code == 404


@pytest.fixture
def member(act, begin, person, account, client):
    act(begin(person, kind="monthly", at=timezone.now()), "pay")
    drain()
    client.force_login(account)
    return Subscription.objects.get(person=person)


def test_the_portal_cancels_and_goes_on(client, member):
    portal = client.post("/donate/portal/")
    assert portal.status_code == 303
    assert b"Paid until" in client.get(portal["Location"]).content

    for act, ends in (("cancel", True), ("resume", False)):
        client.post(portal["Location"], {"act": act, "subscription": member.stripe_id})
        drain()
        assert (fetch_subscription(member.stripe_id).cancel_at is not None) is ends
        member.refresh_from_db()
        assert (member.cancel_at is not None) is ends


def test_the_portal_pays_what_is_due(client, member, stripe):
    stripe.fails_to_renew(member.stripe_id)
    portal = client.post("/donate/portal/")["Location"]

    client.post(portal, {"act": "catch_up", "subscription": member.stripe_id})

    assert fetch_subscription(member.stripe_id).status == "active"


def test_the_portal_touches_nobody_elses(client, member, begin, act):
    act(begin(None, kind="monthly"), "pay")
    drain()
    other = Subscription.objects.exclude(pk=member.pk).get()
    portal = client.post("/donate/portal/")["Location"]

    for wanted in (other.stripe_id, "", "a\0b", "sub_unknown"):
        assert client.post(portal, {"act": "cancel", "subscription": wanted}).status_code == 303

    assert fetch_subscription(other.stripe_id).cancel_at is None


def test_all_of_it_leaves_one_checkout_that_is_paid(member):
    assert Checkout.objects.get().state == "paid"
