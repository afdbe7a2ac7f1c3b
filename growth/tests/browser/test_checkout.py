"""From the support page over the development checkout to the thanks, and what the settings say then."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from donations.models import Payment, StripeEvent
from growth.models import User

pytestmark = pytest.mark.browser


@pytest.fixture
def giver(transactional_db):
    return User.objects.create_user(email="giver@growth.example")


def work():
    """What a worker does."""
    StripeEvent.objects.due(timezone.now()).drain()


def choose(page, how_often, amount):
    page.goto("/donate/")
    page.get_by_role("button", name="No", exact=True).click()
    form = page.locator("main .ask-amounts").first
    form.get_by_label(how_often).check()
    form.get_by_label(amount, exact=True).check()
    form.get_by_role("button").click()
    expect(page.get_by_text("No money moves")).to_be_visible()


def test_a_member_pays_cancels_and_goes_on(page, signed_in, giver, photograph):
    signed_in(giver)
    choose(page, "Every month", "€5")
    photograph("development-checkout")

    page.get_by_role("button", name="Let the card be declined").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    photograph("development-checkout-declined")

    page.get_by_role("button", name=re.compile("^Pay €5")).click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    photograph("thanks")
    work()
    assert Payment.objects.count() == 1

    page.get_by_role("link", name="Your membership").click()
    section = page.locator("#membership-section")
    expect(section).to_contain_text("Member, €5 a month")
    photograph("settings-membership")

    section.get_by_role("button", name="Change or cancel").click()
    photograph("development-portal")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Go on paying")).to_be_visible()
    work()
    page.get_by_role("link", name="Back to the settings").click()
    expect(section).to_contain_text("Ends on")


def test_a_guest_pays_by_a_slow_bank_without_any_script(page, complaints, photograph):
    page.route("**/*.js", lambda route: route.abort())
    page.goto("/donate/")
    page.get_by_role("button", name="No", exact=True).click()
    form = page.locator("main .ask-amounts").first
    form.get_by_label("€10", exact=True).check()
    form.get_by_role("button").click()
    page.get_by_label("E-mail, for the receipt").fill("guest@growth.example")
    address = page.url
    page.get_by_role("button", name="Pay by a slow bank").click()
    expect(page.get_by_role("heading", name="Your bank takes its time")).to_be_visible()
    photograph("thanks-waiting")
    thanks = page.url

    page.goto(address)
    photograph("development-checkout-later")
    page.get_by_role("button", name="The money arrives").click()
    expect(page).to_have_url(thanks)
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    complaints.clear()  # the browser tells of the scripts that it did not get


def test_an_amount_that_cannot_be_paid_is_put_right(page, complaints, photograph):
    page.goto("/donate/")
    form = page.locator("main .ask-amounts").first
    form.get_by_label("Other", exact=True).check()
    form.get_by_label(re.compile("Another amount")).fill("0,5")
    form.get_by_role("button").click()
    expect(page.get_by_role("heading", name="That amount does not work")).to_be_visible()
    photograph("checkout-refused")
    complaints.clear()  # the browser tells of the 400

    page.get_by_label("Amount").fill("7")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="€7")).to_be_visible()
