"""The ask in a real browser: the dialog from every placement, by keyboard, without scripts, offline."""

import re
from datetime import timedelta
from time import sleep

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from donations.experiments import CONTROL, CTA_ALT, KEY_FIRST, SUPPORT_HERO
from donations.models import DonationInteraction, Payment, Supporter, SupportMail
from growth.funnels import SHIPPED
from growth.models import User
from growth.questions import Population
from telemetry.analysis.funnel import funnel
from telemetry.experiments.models import Assignment, Experiment
from telemetry.people.models import Person
from telemetry.segments.models import Segment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COFFEE = "https://coffee.example/growth"
PLACEMENTS = {
    "header": "/",
    "sidebar": "/",
    "user_menu": "/",
    "banner": "/",
    "dashboard_widget": "/",
    "settings": "/settings/",
    "about_page": "/about/",
    "help_page": "/help/",
    "reports": "/reports/",
}


@pytest.fixture
def ada(transactional_db, settings):
    """Somebody who has been here for three months, and has been told so."""
    settings.SUPPORT_COFFEE_URL = COFFEE
    settings.SUPPORT_SOCIAL_PROOF = "412 people keep this going."
    now = timezone.now()
    account = User.objects.create_user("ada@example.org", date_joined=now - timedelta(days=90))
    person = Person.objects.of_account(account)
    Segment.objects.create(
        person=person,
        seconds_tracked=412_920,
        entries_all_time=256,
        entries_last_7_days=12,
        active_projects_count=3,
        computed_at=now,
    )
    Supporter.objects.create(person=person, reports_generated=9, seven_day_shown_at=now, prompted_at=now)
    return person


@pytest.fixture
def here(ada, page, signed_in):
    """The page, signed in, where the first question was answered."""
    page.set_extra_http_headers({"Sec-GPC": "1"})
    return signed_in(ada.account)


def dialog_of(page):
    return page.locator("#support-dialog")


def open_from(page, placement):
    page.goto(PLACEMENTS.get(placement, "/"))
    if placement == "user_menu":
        page.locator(".menu summary").click()
    page.locator(f'[data-support-open="{placement}"]').first.click()


def until(fact):
    """Wait until the server knows of something that the browser sent on the side."""
    for _attempt in range(400):
        if fact():
            return True
        sleep(0.05)
    return False


def rows_of(what):
    return DonationInteraction.objects.filter(interaction_type=what)


def put_into(person, name):
    """Start the experiment with somebody in this arm: which one it would be hangs on a random identity."""
    now = timezone.now()
    hero = Experiment.objects.get(key=SUPPORT_HERO)
    hero.start(at=now)
    hero.refresh_from_db()
    arm = hero.arms.get(name=name)
    Assignment.objects.create(experiment=hero, person=person, arm=arm, phase=hero.phase, at=now)


def reached(slug, by):
    """How many people took each step of a funnel, by the values of a property."""
    now = timezone.now()
    funnel_of = next(each for each in SHIPPED if each.slug == slug)
    question = funnel_of.question(now - timedelta(days=1), now, now, Population(), by)
    groups = funnel(question.spec()).groups
    return {group.value: [step.reached for step in group.steps] for group in groups}


#: Every placement, and the banner as each arm words it.
ROADS = [*((each, CONTROL) for each in PLACEMENTS), ("banner_key", KEY_FIRST), ("banner", CTA_ALT)]


@pytest.mark.parametrize(("placement", "arm"), ROADS)
def test_the_road_from_each_placement_to_the_thanks(here, ada, placement, arm):
    put_into(ada, arm)
    here.goto("/")
    assert until(rows_of("banner_impression").exists)
    open_from(here, placement)
    expect(dialog_of(here)).to_be_visible()
    assert until(rows_of("support_modal_opened").exists)
    here.get_by_role("radio", name="€10").check()
    assert until(rows_of("support_donation_clicked").exists)
    dialog_of(here).locator(".ask-amounts button").click()

    here.wait_for_url("**/donate/development/**")
    if here.get_by_label("E-mail, for the receipt").count():
        here.get_by_label("E-mail, for the receipt").fill("ada@example.org")
    here.get_by_role("button", name="Pay €10").click()
    here.get_by_role("heading", name="Thank you!").wait_for()

    payment = Payment.objects.get()
    assert (payment.amount, payment.person, payment.kind) == (1000, ada, "once")
    assert (payment.placement, payment.choice, payment.variant) == (placement, "10", arm)
    told = ["support_modal_opened", "support_donation_clicked", "checkout_started", "payment_succeeded"]
    steps = DonationInteraction.objects.filter(interaction_type__in=told).order_by("created_at", "pk")
    led = [(step.interaction_type, step.placement, step.variant) for step in steps]
    assert led == [(each, placement, arm) for each in told]
    assert reached("from-prompt-to-payment", "placement") == {placement: [1, 1, 1, 1]}
    assert reached("from-prompt-to-payment", "variant") == {arm: [1, 1, 1, 1]}
    assert reached("from-impression-to-payment", "variant") == {arm: [1, 1, 1, 1, 1]}
    here.reload()
    assert [letter.kind for letter in SupportMail.objects.all()] == ["receipt"]
    here.goto("/")
    here.get_by_text("Thank you for your support").wait_for()
    assert here.locator("[data-support-open]").count() == 0


def test_the_keyboard_goes_round_in_the_dialog_and_comes_back(here):
    here.goto("/help/")
    here.locator(".support-button").focus()
    here.keyboard.press("Enter")
    expect(dialog_of(here)).to_be_visible()

    inside = "document.querySelector('#support-dialog').contains(document.activeElement)"
    for key in ["Tab"] * 14 + ["Shift+Tab"] * 16:
        here.keyboard.press(key)
        assert here.evaluate(inside)
    here.keyboard.press("Escape")

    expect(dialog_of(here)).to_be_hidden()
    assert here.evaluate("document.activeElement.dataset.supportOpen") == "header"


def test_a_click_beside_the_dialog_closes_it(here):
    open_from(here, "header")
    here.mouse.click(5, 5)
    expect(dialog_of(here)).to_be_hidden()


def test_another_amount_chooses_itself(here):
    open_from(here, "header")
    here.get_by_label("Another amount, in EUR").fill("7")

    expect(here.get_by_label("Other", exact=True)).to_be_checked()
    assert until(lambda: rows_of("support_donation_clicked").filter(choice="custom").exists())


def test_the_banner_fades_in_is_seen_once_and_goes_for_good(here):
    here.goto("/")
    banner = here.locator("[data-support-banner]")
    assert banner.evaluate("each => getComputedStyle(each).animationDelay") == "2s"
    place = banner.bounding_box()
    assert until(rows_of("banner_impression").exists)
    assert banner.bounding_box() == place

    banner.get_by_role("button", name=re.compile("Not now")).click()
    assert until(rows_of("banner_dismissed").exists)
    here.goto("/reports/")
    assert here.locator("[data-support-banner]").count() == 0


def test_without_scripts_the_links_lead_to_the_page_and_its_form(browser, site, ada, signed_in, page):
    signed_in(ada.account)
    context = browser.new_context(
        base_url=site, java_script_enabled=False, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    for placement, address in PLACEMENTS.items():
        plain.goto(address)
        link = plain.locator(f'[data-support-open="{placement}"]').first
        plain.goto(link.get_attribute("href"))
        assert plain.locator('main .ask-amounts input[name="placement"]').input_value() == placement
    assert plain.locator("main").get_by_text("Tell a friend:").is_visible()
    context.close()


def test_offline_what_leads_away_waits_for_mouse_and_keyboard(here, complaints):
    here.goto("/donate/")
    coffee = here.get_by_role("link", name="A coffee")
    here.context.set_offline(True)
    here.evaluate("window.dispatchEvent(new Event('offline'))")

    note = here.get_by_text("You are offline").first
    expect(note).to_be_visible()
    assert coffee.get_attribute("aria-disabled") == "true"
    coffee.click(force=True)
    coffee.evaluate("each => each.focus()")
    here.keyboard.press("Enter")
    here.get_by_role("radio", name="€10").check()
    here.get_by_role("button", name="Continue to payment").first.click(force=True)
    reached = []
    for _ in range(40):
        here.keyboard.press("Tab")
        reached.append(here.evaluate("document.activeElement.hasAttribute('data-support-outbound')"))
    assert not any(reached)
    assert len(here.context.pages) == 1
    assert here.url.endswith("/donate/")

    here.context.set_offline(False)
    here.evaluate("window.dispatchEvent(new Event('online'))")
    expect(note).to_be_hidden()
    assert coffee.get_attribute("aria-disabled") is None
    # What was chosen meanwhile was queued.
    assert until(rows_of("support_donation_clicked").exists)
    assert not rows_of("link_clicked").exists()
    complaints[:] = [said for said in complaints if "ERR_INTERNET_DISCONNECTED" not in said]


def test_an_outbound_click_is_reported(here, ada):
    here.context.route("https://coffee.example/**", lambda route: route.fulfill(body="coffee"))
    here.goto("/donate/")
    with here.context.expect_page():
        here.get_by_role("link", name="A coffee").click()

    assert until(lambda: rows_of("link_clicked").filter(placement="donate_page_button").exists())
    assert until(lambda: Supporter.objects.filter(asks_rest_until__isnull=False).exists())


def test_a_toast_is_shown_once_and_leads_to_the_dialog(here, photograph):
    Supporter.objects.update(seven_day_shown_at=None, prompted_at=None)
    here.goto("/help/")
    here.get_by_role("status").get_by_text("You have been here for a week").wait_for()
    photograph("support-toast")
    here.get_by_role("button", name="How to support it").click()

    expect(dialog_of(here)).to_be_visible()
    assert here.locator('.ask-amounts input[name="prompt"]').input_value() == "seven_day"
    assert until(lambda: rows_of("support_modal_opened").filter(prompt="seven_day").exists())
    assert Supporter.objects.get().seven_day_shown_at is not None
    here.goto("/about/")
    here.wait_for_timeout(2500)
    assert here.locator(".support-toast").count() == 0


def test_share_copies_the_address(here, site):
    here.context.grant_permissions(["clipboard-read", "clipboard-write"])
    here.goto("/settings/")
    here.locator("#support-community").get_by_role("button", name="Share it").click()
    here.locator("#support-community").get_by_text("is in your clipboard").wait_for()

    assert re.fullmatch(rf"{site}/\?ref=[A-Z2-9]{{8}}", here.evaluate("navigator.clipboard.readText()"))
    assert until(lambda: rows_of("support_shared").filter(placement="settings").exists())


def test_share_without_a_clipboard_offers_a_field(here):
    here.add_init_script("delete Navigator.prototype.share; delete Navigator.prototype.clipboard")
    here.goto("/settings/")
    here.locator("#support-community").get_by_role("button", name="Share it").click()

    here.locator("#support-community .share-plain").wait_for()
    assert "http" in here.evaluate("String(getSelection())")


def test_the_header_pulses_once_a_session_and_never_where_motion_is_reduced(here):
    here.goto("/")
    button = here.locator(".support-button")
    assert button.evaluate("each => getComputedStyle(each).animationName") == "none"
    here.emulate_media(reduced_motion="no-preference")
    assert button.evaluate("each => getComputedStyle(each).animationName") == "pulse"

    here.goto("/about/")
    assert button.evaluate("each => getComputedStyle(each).animationName") == "none"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("dashboard", "/"),
        ("reports", "/reports/"),
        ("settings", "/settings/"),
        ("pricing", "/pricing/"),
        ("about", "/about/"),
        ("help", "/help/"),
        ("donate", "/donate/"),
    ],
)
def test_each_page_has_its_picture(here, photograph, name, address):
    here.goto(address)
    here.wait_for_timeout(2700)
    photograph(f"site-{name}")


def test_the_dialog_has_its_picture(here, photograph):
    open_from(here, "header")
    here.get_by_role("radio", name="€10").check()
    photograph("support-dialog")


def test_the_thanks_have_their_picture(here, photograph):
    Supporter.objects.update(tier="paid")
    here.goto("/")
    photograph("site-dashboard-supporter")
    here.goto("/donate/")
    photograph("donate-supporter")


@pytest.mark.parametrize("width", [360, 390])
def test_the_header_is_one_line_on_a_phone_in_every_arm(here, width):
    """Arms differ by what they say; one that pushed the page down would be another experiment."""
    here.set_viewport_size({"width": width, "height": 844})
    hero, heights, words = Experiment.objects.get(key=SUPPORT_HERO), set(), set()
    hero.start(at=timezone.now())
    for arm in hero.arms.all():
        hero.roll_out(arm, at=timezone.now())
        here.goto("/about/")
        words.add(here.locator(".support-button").inner_text())
        heights.add(here.locator("header.top").evaluate("header => header.offsetHeight"))

    assert len(words) == 2
    assert len(heights) == 1
