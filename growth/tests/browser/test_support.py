"""The ask in a real browser: the dialog from every placement, by keyboard, without scripts, offline."""

import re
from datetime import timedelta
from time import sleep

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from donations.experiments import CONTROL, CTA_ALT, KEY_FIRST, SUPPORT_HERO
from donations.models import DonationInteraction, Payment, StripeCustomer, Supporter, SupportMail
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
    share = plain.locator("main .share-plain")
    expect(share.get_by_text("Tell a friend:")).to_be_visible()
    expect(share.locator("code")).to_have_text(f"{site}/")
    expect(share.locator("code")).to_be_visible()
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


TELL_WHAT_IS_SEEN = """
window.sent = []; window.looked = 0;
const send = Navigator.prototype.sendBeacon;
Navigator.prototype.sendBeacon = function (address, body) {
    sent.push(address);
    return send.call(this, address, body);
};
const Observer = window.IntersectionObserver;
window.IntersectionObserver = class extends Observer {
    constructor(told, how) { super((...all) => { looked += 1; told(...all); }, how); }
};
"""
IMPRESSION = "/donate/track-impression"


def test_a_banner_that_was_scrolled_away_is_not_seen_until_it_is_back(here):
    here.clock.install()
    here.add_init_script(TELL_WHAT_IS_SEEN)
    here.set_viewport_size({"width": 390, "height": 300})
    here.goto("/")
    here.evaluate("scrollTo(0, document.body.scrollHeight)")
    here.clock.run_for(3000)
    assert until(lambda: here.evaluate("looked === 1"))
    assert IMPRESSION not in here.evaluate("sent")

    here.evaluate("scrollTo(0, 0)")
    assert until(lambda: IMPRESSION in here.evaluate("sent"))
    assert until(rows_of("banner_impression").exists)


def test_a_banner_that_was_dismissed_before_its_time_is_not_seen(here):
    here.clock.install()
    here.add_init_script(TELL_WHAT_IS_SEEN)
    here.goto("/")
    here.get_by_role("button", name=re.compile("Not now")).click()
    here.clock.run_for(3000)

    assert until(lambda: here.evaluate("looked === 1"))
    assert until(rows_of("banner_dismissed").exists)
    assert IMPRESSION not in here.evaluate("sent")
    assert not rows_of("banner_impression").exists()


def test_a_long_session_is_asked_after_in_the_first_minute_that_is_free_and_once(here):
    Supporter.objects.update(prompted_at=None)
    here.clock.install()
    # Another prompt is asked for when a page is opened: not on this one.
    here.add_init_script("sessionStorage.setItem('support-asked', Date.now())")
    here.goto("/help/")
    assert dialog_of(here).get_attribute("data-long-session") == "120"
    here.evaluate("sessionStorage.setItem('support-minutes', 118)")
    asked = []
    here.on("request", lambda request: asked.append(request) if "soft-prompt" in request.url else None)
    here.clock.run_for(60_000)
    assert asked == []

    here.locator(".support-button").click()
    here.clock.run_for(180_000)
    assert here.evaluate("sessionStorage.getItem('support-minutes')") == "122"
    assert asked == []
    here.keyboard.press("Escape")
    expect(dialog_of(here)).to_be_hidden()
    here.clock.run_for(60_000)
    here.get_by_role("status").get_by_text("You have been at it for a while").wait_for()
    assert "long_session" in asked[0].post_data
    here.get_by_role("button", name="Not now", exact=True).click()
    here.clock.run_for(180_000)
    assert len(asked) == 1


def test_share_by_the_device_hands_over_the_address(here, site):
    here.add_init_script("Navigator.prototype.share = async (what) => { window.shared = what; }")
    here.goto("/settings/")
    here.locator("#support-community").get_by_role("button", name="Share it").click()

    assert until(lambda: here.evaluate("'shared' in window"))
    shared = here.evaluate("shared")
    assert re.fullmatch(rf"{site}/\?ref=[A-Z2-9]{{8}}", shared["url"])
    assert shared["text"] == "I use this, and think it may be for you."
    expect(here.locator("#support-community .share-plain")).to_be_hidden()
    assert until(lambda: rows_of("support_shared").filter(placement="settings").exists())


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.tagName")


def test_the_focus_comes_back_to_the_content_when_a_toast_has_gone(here):
    Supporter.objects.update(seven_day_shown_at=None, prompted_at=None)
    here.goto("/help/")
    here.get_by_role("button", name="How to support it").press("Enter")
    expect(dialog_of(here)).to_be_visible()
    here.keyboard.press("Escape")

    expect(dialog_of(here)).to_be_hidden()
    assert focused(here) == "main"


def test_a_toast_is_read_out_from_a_region_that_was_there_before(here):
    Supporter.objects.update(seven_day_shown_at=None, prompted_at=None)
    here.clock.install()
    here.goto("/help/")
    region = here.locator("[data-support-toasts]")
    assert region.aria_snapshot() == "- status"
    here.clock.run_for(2000)

    expect(region).to_match_aria_snapshot("""
        - status:
          - paragraph: You have been here for a week. If it suits you, help to keep it going.
          - button "How to support it"
          - button "Not now"
    """)


def test_what_the_dialog_and_the_banner_are_to_who_hears_them(here):
    here.goto("/")
    expect(here.locator("[data-support-banner]")).to_match_aria_snapshot("""
        - complementary "More than a hundred hours in good company":
          - paragraph: More than a hundred hours in good company
          - link "Support it"
          - link "A coffee"
          - 'button "Not now: hide this for thirty days"'
    """)
    open_from(here, "header")
    expect(dialog_of(here)).to_match_aria_snapshot("""
        - dialog "Support the work on this":
          - banner:
            - heading "Support the work on this" [level=2]
            - button "Close"
          - group "How often":
            - radio "Once" [checked]
            - radio "Every month"
          - group "Choose an amount":
            - radio "€10"
          - button "Continue to payment"
          - button "Share it with a friend"
          - status
    """)


def figures_of(dialog):
    names = dialog.locator(".support-figures dt").all_inner_texts()
    return dict(zip(names, dialog.locator(".support-figures dd").all_inner_texts(), strict=True))


def test_the_dialog_shows_what_somebody_has_had_of_it(here):
    open_from(here, "header")

    assert figures_of(dialog_of(here)) == {"Hours": "114.7", "Entries": "256", "Reports": "9"}


def test_a_supporter_opens_the_thanks_and_enters_no_funnel(here, photograph):
    Supporter.objects.update(tier="paid")
    here.goto("/help/")
    here.locator(".menu summary").click()
    photograph("menu-supporter")
    here.get_by_role("link", name="Your support").click()

    expect(dialog_of(here).get_by_text("It is because of you that this goes on.")).to_be_visible()
    assert figures_of(dialog_of(here))["Hours"] == "114.7"
    expect(dialog_of(here).locator("[data-support-form]")).to_have_count(0)
    photograph("support-dialog-thanks")
    dialog_of(here).get_by_role("button", name="Share it").click()
    assert until(rows_of("support_shared").exists)
    assert not rows_of("support_modal_opened").exists()


@pytest.mark.parametrize("key", ["click", "Enter"])
def test_offline_the_portal_waits_even_for_who_is_not_asked(here, ada, complaints, key):
    Supporter.objects.update(never_ask=True)
    StripeCustomer.objects.create(customer_id="cus_1", person=ada, livemode=False, created_at=timezone.now())
    here.goto("/settings/")
    sent = []
    here.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    manage = here.locator("#membership-section").get_by_role("button", name="Manage")
    here.context.set_offline(True)
    expect(manage).to_have_attribute("aria-disabled", "true")
    expect(here.locator("#membership-section").get_by_text("You are offline")).to_be_visible()
    manage.click(force=True) if key == "click" else manage.evaluate("each => each.form.requestSubmit()")

    assert here.url.endswith("/settings/")
    assert sent == []
    here.context.set_offline(False)
    expect(manage).not_to_have_attribute("aria-disabled", "true")
    complaints[:] = [said for said in complaints if "ERR_INTERNET_DISCONNECTED" not in said]


def test_an_amount_that_is_refused_is_not_sent_again_offline(here, complaints, photograph):
    here.goto("/donate/")
    here.locator("main").get_by_label("Another amount, in EUR").fill("0,5")
    here.locator("main").get_by_role("button", name="Continue to payment").click()
    here.get_by_role("button", name="Go on").wait_for()
    complaints.clear()  # the browser tells of the 400
    sent = []
    here.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    here.context.set_offline(True)
    expect(here.locator("main .card").get_by_text("You are offline")).to_be_visible()
    photograph("checkout-refused-offline")
    here.get_by_label("Amount", exact=True).press("Enter")

    expect(here.get_by_role("button", name="Go on")).to_be_visible()
    assert [url for url in sent if "checkout" in url] == []
    complaints[:] = [said for said in complaints if "ERR_INTERNET_DISCONNECTED" not in said]
