"""Signing up, signing in and out, as people do it."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache

from growth.accounts import limits
from growth.models import User
from telemetry.models import Person
from telemetry.operations.limits import Limit

pytestmark = pytest.mark.browser

CODE = re.compile(r"^ +([A-Z]{4}-[A-Z]{4})$", re.MULTILINE)


def code_in_last_mail():
    """The code somebody finds in their mailbox."""
    found = CODE.search(str(mail.outbox[-1].body))
    assert found
    return found[1]


def digits_of(secret):
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def sign_out(page):
    """Open the account's menu and leave."""
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()


@pytest.fixture
def enter(page):
    """`enter(code)`: type a code and continue."""

    def type_in(code: str) -> None:
        page.get_by_label("Code").fill(code)
        page.get_by_label("Code").press("Enter")

    return type_in


@pytest.fixture
def staff(transactional_db):
    """A member of the staff, made as the command line makes one."""
    return User.objects.create_user("staff@example.org", is_staff=True, is_superuser=True)


def test_somebody_signs_up_by_code_and_out_again(page, enter, photograph):
    page.goto("/")
    photograph("sign-in")
    page.get_by_role("link", name="Create an account").click()
    photograph("sign-up")
    page.get_by_label("Email").fill("Ada@example.org")
    page.get_by_role("button", name="Send me a code").click()

    enter("BBBB-BBBB")
    page.get_by_text("Incorrect code").wait_for()
    photograph("wrong-code")

    first = code_in_last_mail()
    cache.clear()  # allauth waits ten seconds between two mails
    page.get_by_role("button", name="Send another code").click()
    page.wait_for_load_state()
    assert code_in_last_mail() != first

    enter(code_in_last_mail())
    page.get_by_role("heading", name="Your dashboard").wait_for()
    photograph("home")
    assert EmailAddress.objects.get(email="ada@example.org").verified
    assert Person.objects.get().account == User.objects.get(email="ada@example.org")

    sign_out(page)
    page.get_by_role("heading", name="Sign in").wait_for()
    page.goto("/")
    assert "/accounts/login/" in page.url


def test_staff_are_led_to_the_second_step_and_then_into_the_admin(page, enter, photograph, settings, staff):
    settings.STAFF_NEED_SECOND_FACTOR = True
    page.goto("/admin/")
    page.get_by_label("Email").fill(staff.email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    photograph("code")
    enter(code_in_last_mail())

    page.get_by_role("heading", name="Set up the second step").wait_for()
    photograph("second-step-set-up")
    page.get_by_text("Type the key").click()
    photograph("second-step-set-up-key")
    enter(digits_of(page.locator(".secret").inner_text()))
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    photograph("recovery-codes")

    page.get_by_role("link", name="I have kept them").click()
    photograph("home-staff")
    page.get_by_role("link", name="Open the admin").click()
    page.wait_for_url("**/admin/")
    assert page.locator("body").inner_text()


def test_the_second_step_is_asked_for_and_a_recovery_code_will_do(page, enter, photograph, signed_in, staff):
    signed_in(staff)
    page.goto("/accounts/2fa/totp/activate/")
    page.get_by_text("Type the key").click()
    enter(digits_of(page.locator(".secret").inner_text()))
    recovery = page.locator(".codes li").first.inner_text()
    page.goto("/accounts/2fa/")
    photograph("second-step")
    page.goto("/accounts/2fa/recovery-codes/generate/")
    photograph("new-recovery-codes")
    page.goto("/accounts/2fa/totp/deactivate/")
    photograph("second-step-off")
    sign_out(page)

    page.get_by_label("Email").fill(staff.email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    enter(code_in_last_mail())
    page.get_by_role("heading", name="One more step").wait_for()
    photograph("one-more-step")
    enter(recovery)
    page.get_by_role("heading", name="Your dashboard").wait_for()
    left = Authenticator.objects.get(user=staff, type=Authenticator.Type.RECOVERY_CODES).wrap()
    assert recovery not in left.get_unused_codes()

    page.goto("/accounts/2fa/recovery-codes/generate/")
    page.get_by_role("heading", name="Is it still you?").wait_for()
    photograph("still-you")


def test_somebody_takes_a_new_address(page, enter, photograph, signed_in, transactional_db):
    account = User.objects.create_user("old@example.org")
    EmailAddress.objects.create(user=account, email=account.email, primary=True, verified=True)
    signed_in(account)
    page.goto("/accounts/email/")
    photograph("new-address")
    page.get_by_label("Email").fill("new@example.org")
    page.get_by_role("button", name="Change the address").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    enter(next(found[1] for message in reversed(mail.outbox) if (found := CODE.search(str(message.body)))))
    page.get_by_role("heading", name="Your dashboard").wait_for()
    account.refresh_from_db()
    assert account.email == "new@example.org"


def test_an_address_that_was_never_confirmed_asks_for_its_code(page, enter, photograph, signed_in, staff):
    signed_in(staff)
    page.goto("/accounts/email/")
    photograph("address-unconfirmed")
    page.get_by_role("button", name="Send a code").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    enter(code_in_last_mail())
    page.get_by_role("heading", name="Your dashboard").wait_for()
    assert EmailAddress.objects.get(user=staff).verified


@pytest.mark.parametrize(
    ("address", "heading"),
    [
        ("/nowhere/", "There is nothing here"),
        ("/accounts/inactive/", "This account is closed"),
        ("/staff-login/forged/", "This link is worth nothing any more"),
    ],
)
def test_what_went_wrong_is_said_calmly(page, photograph, complaints, address, heading):
    page.goto(address)
    assert page.get_by_role("heading", name=heading).is_visible()
    photograph(address.strip("/").replace("/", "-"))
    forget_the_status(complaints)


def forget_the_status(complaints):
    """The browser complains of a 4xx that a test asked for."""
    complaints[:] = [complaint for complaint in complaints if "responded with a status of 4" not in complaint]


def test_who_guesses_too_often_is_asked_to_wait(page, enter, photograph, complaints, monkeypatch):
    monkeypatch.setattr(limits, "GUESSES_OF_A_CODE", Limit("code", 1, timedelta(minutes=5)))
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_role("button", name="Send me a code").click()
    enter("BBBB-BBBB")
    page.get_by_text("Incorrect code").wait_for()
    enter("CCCC-CCCC")
    page.get_by_role("heading", name="Please wait a little").wait_for()
    assert page.get_by_text("in 5 minutes").is_visible()
    photograph("wait")
    page.get_by_role("button", name="Start again").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    forget_the_status(complaints)


def test_the_keyboard_alone_signs_in(page, staff):
    page.goto("/accounts/login/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.type(staff.email)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Look into your mail").wait_for()
    page.keyboard.type(code_in_last_mail())  # the field has the focus
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your dashboard").wait_for()
