"""Sharing a link, in a browser."""

from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as configured
from django.core.cache import cache
from django.utils import timezone

from donations.models import StripeEvent
from growth.models import User
from growth.tests.browser.test_sign_in import code_in_last_mail
from referrals.models import CreditGrant, Referral, ReferralCode
from referrals.tests.conftest import the_ledger_is_what_it_says  # noqa: F401 - fixture
from telemetry.people.models import Person

PHONE = {"width": 390, "height": 844}
PICTURES = Path(configured.GROWTH_DATA) / "screenshots"

#: A browser that can share, and remembers what; and one that cannot.
A_SHEET = """
window.shared = [];
Object.defineProperty(navigator, "share", {
    value: async what => { window.shared.push(what); }, configurable: true,
})
"""
NO_SHEET = 'Object.defineProperty(navigator, "share", { value: undefined, configurable: true })'

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ada():
    """Somebody with friends and days."""
    account = User.objects.create_user("ada@growth.example")
    EmailAddress.objects.create(user=account, email=account.email, primary=True, verified=True)
    person, now = Person.objects.of_account(account), timezone.now()
    code = ReferralCode.objects.issue_to(person, at=now)
    code.name_as("Ada")
    for name, state in (("bob", "converted"), ("carl", "pending"), ("dora", "held"), ("emil", "provisional")):
        friend = Person.objects.of_account(User.objects.create_user(f"{name}@growth.example"))
        referral = Referral.objects.link(friend, code, captured_at=now, at=timezone.now())
        assert referral is not None
        Referral.objects.filter(pk=referral.pk).update(
            state=state,
            confirmed_at=None if state == "provisional" else now,
            converted_at=now if state == "converted" else None,
            credited_at=now if state == "converted" else None,
        )
        if state == "converted":
            CreditGrant.objects.grant(
                person, 45, "referral_referrer", at=now, referral=referral, idem_key="referral:1"
            )
    return account


def test_the_page_of_ones_referrals(signed_in, ada, photograph):
    page = signed_in(ada)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script(A_SHEET)

    page.goto("/referrals/")
    page.get_by_role("button", name="No", exact=True).click()  # the question would cover the QR code
    page.get_by_role("button", name="No", exact=True).wait_for(state="hidden")
    link = page.get_by_label("Friends sign up by this link").inner_text()
    page.get_by_role("button", name="Copy the link").click()

    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == link
    photograph("referrals")
    page.get_by_role("link", name="b•••@g•••.example").click()
    photograph("referrals-friend")
    page.goto("/settings/")
    photograph("settings-referrals")
    page.goto("/pricing/")
    photograph("pricing-referrals")


def test_the_page_s_share_button_shares_the_link(signed_in, ada):
    page = signed_in(ada)
    page.add_init_script(A_SHEET)
    page.goto("/referrals/")
    link = page.get_by_label("Friends sign up by this link").inner_text()

    page.get_by_role("button", name="Share", exact=True).click()

    assert page.evaluate("window.shared") == [{"title": "Growth", "url": link}]


def test_without_a_sheet_to_share_by_there_is_no_such_button(signed_in, ada):
    page = signed_in(ada)
    page.add_init_script(NO_SHEET)
    page.goto("/referrals/")

    page.get_by_role("button", name="Copy the link").wait_for()
    assert not page.get_by_role("button", name="Share", exact=True).is_visible()


def test_without_scripts_the_link_stands_in_a_field(browser, site, ada, signed_in, page):
    cookies = signed_in(ada).context.cookies()
    context = browser.new_context(base_url=site, java_script_enabled=False)
    context.add_cookies(cookies)
    plain = context.new_page()

    plain.goto("/referrals/")

    assert plain.get_by_label("Friends sign up by this link").is_visible()
    assert not plain.get_by_role("button", name="Copy the link").is_visible()
    assert plain.get_by_role("link", name="Send by e-mail").is_visible()
    context.close()


def test_an_invited_friend_is_greeted_where_accounts_are_made(page, ada, photograph):
    page.goto(f"/accounts/signup/?ref={ReferralCode.objects.get()}")

    assert page.url.endswith("/accounts/signup/")
    page.get_by_text("Ada invited you.").wait_for()
    photograph("invited-sign-up")
    page.goto("/")
    page.get_by_text("Ada invited you.").wait_for()
    photograph("invited-sign-in")


def test_a_friend_comes_by_the_link_pays_and_both_have_their_days(page, signed_in, photograph, settings):
    settings.STRIPE_INLINE = True
    ada = User.objects.create_user("ada@growth.example")
    EmailAddress.objects.create(user=ada, email=ada.email, primary=True, verified=True)
    code = ReferralCode.objects.issue_to(Person.objects.of_account(ada), at=timezone.now())
    page.set_viewport_size(PHONE)

    page.goto(f"/accounts/signup/?ref={code.code[:4].lower()}-{code.code[4:]}")
    page.get_by_text("A friend invited you.").wait_for()
    page.get_by_label("Email").fill("bob@example.org")
    page.get_by_role("button", name="Send me a code").click()
    types(page, "BBBB-BBBB")
    page.get_by_text("Incorrect code").wait_for()
    cache.clear()  # allauth waits ten seconds between two mails
    page.get_by_role("button", name="Send another code").click()
    page.wait_for_load_state()
    types(page, code_in_last_mail())
    page.get_by_role("heading", name="Your dashboard").wait_for()
    assert Referral.objects.get().state == "pending"
    page.screenshot(path=PICTURES / "friend-home-390.png", full_page=True)

    page.goto("/donate/")
    page.get_by_label("Every month").first.check()
    page.locator(".tiles input").first.check()
    page.screenshot(path=PICTURES / "friend-gives-390.png", full_page=True)
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Pay €5").click()
    page.wait_for_url("**/donate/thanks/**")
    StripeEvent.objects.due(timezone.now() + timedelta(minutes=1)).drain()

    assert Referral.objects.get().state == "converted"
    page.goto("/settings/")
    page.get_by_text("+45 days on your account").wait_for()
    photograph("friend-settings")
    page.context.clear_cookies()
    signed_in(ada).goto("/settings/")
    page.get_by_text("+45 days on your account").wait_for()
    page.get_by_text("1 reward still running").wait_for()
    photograph("inviter-settings")


def types(page, code):
    """Type a mailed code and continue."""
    page.get_by_label("Code").fill(code)
    page.get_by_label("Code").press("Enter")


def test_staff_see_what_introductions_carry(signed_in, ada, photograph):
    staff = User.objects.create_superuser("root@growth.example")
    page = signed_in(staff)
    for path, name in (
        ("/admin/referrals/referral/", "admin-referrals"),
        ("/admin/referrals/referralcode/", "admin-codes"),
        ("/admin/referrals/creditgrant/add/", "admin-days"),
    ):
        page.goto(path)
        photograph(name)
    page.goto("/admin/?complete=0")
    page.locator("#referrals").screenshot(path=PICTURES / "panel-referrals.png")
    page.locator("#referral-codes").screenshot(path=PICTURES / "panel-referral-codes.png")
