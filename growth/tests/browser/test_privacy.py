"""The question of the first visit, the answer taken back, a copy of the data, and the end."""

import json

import pytest
from django.core import mail

from growth.models import User
from growth.tests.browser.test_sign_in import CODE
from telemetry.consent.models import ConsentRecord
from telemetry.log.models import Event
from telemetry.people.models import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUESTION = "May we learn from how you use this?"
LOOK = """
element => {
    const {width, height} = element.getBoundingClientRect(), look = getComputedStyle(element)
    return [width, height, look.color, look.backgroundColor, look.borderColor, look.fontWeight, look.fontSize]
}
"""


@pytest.fixture
def notice(page):
    """The notice of the first visit."""
    return page.get_by_role("region", name=QUESTION)


@pytest.fixture
def account(transactional_db):
    return User.objects.create_user("ada@example.org")


def cookies(page):
    """The names of what is set."""
    return {cookie["name"] for cookie in page.context.cookies()}


def test_a_first_visit_that_says_no_is_not_asked_again(page, notice, photograph):
    page.goto("/accounts/login/?next=/settings/privacy/")
    assert cookies(page) == {"csrftoken"}
    photograph("consent-first-visit")
    notice.get_by_role("button", name="No", exact=True).click()
    notice.wait_for(state="detached")

    assert page.url.endswith("/accounts/login/?next=%2Fsettings%2Fprivacy%2F")
    assert cookies(page) == {"csrftoken", "growth_choice"}
    page.goto("/accounts/signup/")
    assert notice.count() == 0
    assert not Person.objects.exists()
    page.goto("/settings/privacy/")
    photograph("privacy-of-a-visitor")


def test_a_first_visit_says_yes_and_takes_it_back_in_settings(page, notice, photograph):
    page.goto("/accounts/login/")
    notice.get_by_role("button", name="Yes", exact=True).click()
    notice.wait_for(state="detached")
    page.goto("/accounts/signup/")
    assert Event.objects.filter(type__name="page.viewed").exists()

    page.get_by_role("link", name="Privacy").click()
    page.get_by_text("Your answer is yes.").wait_for()
    photograph("privacy-with-a-yes")
    page.get_by_role("button", name="No", exact=True).click()

    page.get_by_text("Your answer is no.").wait_for()
    assert [record.granted for record in ConsentRecord.objects.order_by("pk")] == [True, False]
    assert "growth_visitor" not in cookies(page)


def test_the_buttons_look_alike_and_the_keyboard_reaches_them(page, notice):
    page.goto("/accounts/login/")
    no, yes = (notice.get_by_role("button", name=name, exact=True) for name in ("No", "Yes"))
    assert no.evaluate(LOOK) == yes.evaluate(LOOK)

    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText"))
    assert reached[reached.index("No") + 1] == "Yes"
    page.keyboard.press("Shift+Tab")


def test_the_question_is_answered_without_scripts(browser, site, transactional_db):
    context = browser.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Yes", exact=True).click()
    asked = page.get_by_role("region", name=QUESTION).count()
    context.close()

    assert asked == 0
    assert ConsentRecord.objects.get().granted


def test_a_browser_that_says_no_by_itself_is_not_asked(page, notice, photograph):
    page.context.set_extra_http_headers({"Sec-GPC": "1"})
    page.goto("/accounts/login/")
    assert notice.count() == 0
    page.goto("/settings/privacy/")
    assert page.get_by_text("Your browser says no for you").is_visible()
    photograph("privacy-with-a-signal")


def test_an_account_takes_its_copy_and_is_erased(page, photograph, signed_in, account):
    User.objects.create_superuser("root@example.org")
    signed_in(account).goto("/")
    page.get_by_role("button", name="Yes", exact=True).click()
    page.get_by_role("heading", name="Your dashboard").wait_for()
    page.goto("/settings/")
    photograph("settings-with-privacy")
    page.get_by_role("region", name="Your privacy").get_by_role("link", name="Open").click()
    for reason in page.locator(".reasons summary").all():
        reason.click()
    photograph("privacy")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert account.email in json.dumps(json.loads(download.value.path().read_text()))

    page.get_by_role("link", name="Erase me").click()
    photograph("erase-asks-for-a-code")
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_label("Type the word").fill("erase")
    page.get_by_label("The code from your mail").fill("BBBB-BBBB")
    page.get_by_role("button", name="Erase me for good").click()
    page.get_by_text("Incorrect code").wait_for()
    photograph("erase-wrong-code")
    found = CODE.search(str(mail.outbox[-1].body))
    assert found
    page.get_by_label("The code from your mail").fill(found[1])
    page.get_by_role("button", name="Erase me for good").click()

    page.get_by_role("heading", name="Goodbye").wait_for()
    photograph("erased")
    assert not User.objects.filter(pk=account.pk).exists()
    page.goto("/")
    assert "/accounts/login/" in page.url
