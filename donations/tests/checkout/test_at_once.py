"""Many clicks at the same instant."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event as Moment

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from donations import gateway
from donations.models import Checkout, DonationInteraction
from donations.querysets import beginning
from donations.settlement import parties
from donations.tests.checkout.conftest import NOW, ORIGIN
from telemetry.people.claim import claim

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("money_is_whole"),
    pytest.mark.skipif(not settings.POSTGRESQL, reason="SQLite's writers stand in line anyway"),
]


@pytest.fixture
def all_at_once():
    """`all_at_once(20, act)`: what twenty threads got when they acted at the same instant."""

    def run(many, act):
        together = Barrier(many)

        def one(number):
            try:
                connection.ensure_connection()
                together.wait(10)
                return act(number)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(many) as threads:
            return list(threads.map(one, range(many)))

    return run


@pytest.mark.parametrize("is_guest", [False, True])
def test_twenty_clicks_on_one_form_open_one_page(all_at_once, person, wish, stripe, is_guest):
    one, payer = wish(), None if is_guest else person

    opened = all_at_once(20, lambda _: Checkout.objects.begin(payer, one, origin=ORIGIN, at=NOW))

    assert len({checkout.session_url for checkout in opened}) == 1
    assert stripe.made("checkout.session") == Checkout.objects.count() == 1
    told = DonationInteraction.objects.filter(interaction_type="checkout_started")
    assert told.count() == (0 if is_guest else 1)


@pytest.mark.guard
def test_without_the_forms_digest_twenty_clicks_open_many(all_at_once, wish, stripe, monkeypatch):
    monkeypatch.setattr(beginning, "_digest", lambda person, wish: "")
    one = wish()

    all_at_once(20, lambda _: Checkout.objects.begin(None, one, origin=ORIGIN, at=NOW))

    assert stripe.made("checkout.session") > 1


@pytest.fixture
def two_tabs(person, wish, all_at_once, monkeypatch):
    """`two_tabs(patience)`: the first to begin commits last, unless the database makes the other wait."""
    save = Checkout.save

    def run(patience):
        begun, through = Moment(), Moment()

        def save_and_linger(row, **how):
            is_first = not begun.is_set()
            save(row, **how)
            if is_first:
                begun.set()
                through.wait(patience)

        def act(number):
            if number:
                begun.wait(9)
            Checkout.objects.begin(person, wish(), origin=ORIGIN, at=NOW)
            if number:
                through.set()

        monkeypatch.setattr(Checkout, "save", save_and_linger)
        all_at_once(2, act)
        return Checkout.objects.filter(state="open").count()

    return run


def test_a_tab_that_commits_last_leaves_one_page_open(two_tabs):
    assert two_tabs(patience=0.3) == 1


@pytest.mark.guard
def test_unless_the_person_is_held_two_pages_stay_open(two_tabs, monkeypatch):
    monkeypatch.setattr("donations.settlement.parties.hold", lambda person: person)

    assert two_tabs(patience=9) == 2


def test_who_signs_in_while_they_press_pay_gives_as_who_they_are(
    visitor, account, person, wish, stripe, monkeypatch
):
    hold, reached = parties.hold, Moment()

    def arrive_and_hold(somebody):
        reached.set()
        return hold(somebody)

    def pay():
        try:
            return Checkout.objects.begin(visitor, wish(), origin=ORIGIN, at=NOW)
        finally:
            connections.close_all()

    monkeypatch.setattr(parties, "hold", arrive_and_hold)
    with ThreadPoolExecutor(1) as other_tab:
        with transaction.atomic():
            claim(visitor, account, at=NOW)
            paying = other_tab.submit(pay)
            assert reached.wait(10)
        checkout = paying.result(10)

    assert checkout.person == Checkout.objects.get().person == person
    assert DonationInteraction.objects.get().person == person
    assert gateway.fetch_session(checkout.session_id).metadata["person"] == str(person.public_id)


def test_of_two_tabs_one_page_stays_open(all_at_once, person, wish, stripe):
    wishes = [wish("monthly") for _ in range(6)]

    def act(number):
        with suppress(gateway.GatewayTrouble):
            Checkout.objects.begin(person, wishes[number], origin=ORIGIN, at=NOW)

    all_at_once(6, act)

    assert Checkout.objects.filter(state="open").count() == 1
    assert (
        stripe.only("checkout.session", status="open")["id"] == Checkout.objects.get(state="open").session_id
    )
