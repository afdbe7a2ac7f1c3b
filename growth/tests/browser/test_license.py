"""A supporter key is entered by hand, and its System ID copied."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from donations.keys import this_system_id
from donations.tests.keys.conftest import PRIVATE, signed
from growth.models import User
from growth.tests.privacy_data.giving import fill_donations
from telemetry.people.models import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def issuer(settings):
    settings.SUPPORT_KEY_PRIVATE = PRIVATE


def test_a_key_is_entered_by_keyboard(page, signed_in, photograph):
    signed_in(User.objects.create_user("ada@example.org")).goto("/settings/")
    page.get_by_role("link", name="Enter a key").click()
    photograph("license-without-a-key")
    page.get_by_label("Supporter key").fill("“wrong”")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is not a key for this System ID.")).to_be_visible()
    photograph("license-wrong-key")

    page.get_by_label("Supporter key").fill(f" {signed(this_system_id(timezone.now()))} ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You support this")).to_be_visible()
    photograph("license-valid")


def test_the_system_id_is_copied_by_a_button(page, signed_in):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in(User.objects.create_user("ada@example.org")).goto("/settings/license/")
    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    expect(page.locator("#copied")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == this_system_id(timezone.now())


def test_without_scripts_the_system_id_can_be_selected(browser, site, transactional_db, signed_in, page):
    signed_in(User.objects.create_user("ada@example.org"))
    context = browser.new_context(base_url=site, java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto("/settings/license/")
    shown = plain.get_by_label("System ID of this installation").input_value()
    buttons = plain.get_by_role("button", name="Copy").count()
    context.close()

    assert (shown, buttons) == (this_system_id(timezone.now()), 0)


def test_staff_see_a_form_for_everybody_and_what_they_bought(page, signed_in, photograph):
    staff = User.objects.create_superuser("root@example.org")
    fill_donations(Person.objects.of_account(staff), "word", timezone.now())
    signed_in(staff).goto("/settings/license/")
    photograph("license-of-staff")
    page.get_by_role("region", name="For everybody here").get_by_label("Supporter key").fill(
        signed(this_system_id(timezone.now()))
    )
    page.get_by_role("button", name="Check and save for everybody").click()

    expect(page.get_by_role("heading", name="Everybody here supports this")).to_be_visible()
    photograph("license-of-everybody")


def test_a_key_is_bought_on_the_development_checkout_and_counts(page, signed_in, photograph):
    signed_in(User.objects.create_user("ada@example.org")).goto("/donate/")
    page.get_by_role("button", name="Get the key").click()
    page.wait_for_url("**/donate/development/**")
    page.locator("button[value=pay]").click()

    page.get_by_role("heading", name="Thank you!").wait_for()
    key = signed(this_system_id(timezone.now()))
    expect(page.get_by_label("Your supporter key")).to_have_value(key)
    expect(page.get_by_text("It counts here already")).to_be_visible()
    photograph("thanks-for-a-key")

    page.goto("/settings/license/")
    expect(page.get_by_role("heading", name="You support this")).to_be_visible()
    expect(page.get_by_label("Your supporter key")).to_have_value(key)
    photograph("license-bought")
