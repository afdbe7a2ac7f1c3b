"""The dashboard in a real browser: staff look, change the days, open a number, take the CSV home."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import expect

from growth.tests.dashboard.conftest import DAYS, a_product, did, staff  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def dashboard(page, signed_in, staff, a_product):  # noqa: F811
    """The dashboard of the last month of a product, as staff see it."""
    signed_in(staff).goto(f"/admin/?{DAYS}")
    return page


def test_staff_change_the_days_and_go_back(dashboard):
    dashboard.get_by_role("link", name="7 days").click()
    expect(dashboard.locator(".g-reading")).to_contain_text("22 Feb – 28 Feb 2026")  # noqa: RUF001

    dashboard.get_by_label("From", exact=True).fill("2026-01-01")
    dashboard.get_by_role("button", name="Show these days").click()
    expect(dashboard.locator(".g-reading")).to_contain_text("1 Jan – 28 Feb 2026")  # noqa: RUF001
    expect(dashboard.locator(".g-reading")).to_contain_text("as of 1 Mar 2026")

    dashboard.get_by_label("Leave out staff and flagged people").uncheck()
    dashboard.get_by_role("button", name="Apply").click()
    expect(dashboard.get_by_label("Leave out staff and flagged people")).not_to_be_checked()
    expect(dashboard.locator("#card-active .g-value")).to_have_text("8")

    dashboard.go_back()
    expect(dashboard.locator("#card-active .g-value")).to_have_text("7")


def test_a_number_opens_as_many_people(dashboard):
    number = int(dashboard.locator("#card-active .g-value").inner_text())
    dashboard.locator("#card-active .g-value a").click()

    expect(dashboard.locator("tbody tr")).to_have_count(number)
    expect(dashboard.get_by_role("heading", name=f"{number} people")).to_be_visible()


def test_what_is_on_screen_is_downloaded(dashboard):
    with dashboard.expect_download() as download:
        dashboard.get_by_role("link", name="How far people come as CSV").click()
    rows = list(csv.reader(download.value.path().read_text().splitlines()))
    reached = dashboard.locator(".g-reached strong").all_inner_texts()

    assert [row[2] for row in rows if re.fullmatch(r"\d", row[0] if row else "")] == reached


def test_a_definition_shows_to_the_keyboard(dashboard):
    tip = dashboard.locator("#active-definition")
    expect(tip).to_be_hidden()
    dashboard.locator("#card-active .g-definition button").focus()

    expect(tip).to_be_visible()


def test_the_command_palette_finds_a_page(dashboard):
    box = dashboard.get_by_placeholder("Type to search")
    for _attempt in range(50):  # the palette listens once its script has begun
        if box.is_visible():
            break
        dashboard.keyboard.press("Control+k")
        dashboard.wait_for_timeout(300)
    box.press_sequentially("alerts", delay=30)

    expect(dashboard.locator("#command-results").get_by_text("Alerts", exact=True).first).to_be_visible()


def test_the_dashboard_can_be_read_without_scripts(browser, live_server, staff, a_product):  # noqa: F811
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(staff)
    session = {"name": settings.SESSION_COOKIE_NAME, "url": live_server.url}
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies([session | {"value": client.cookies[settings.SESSION_COOKIE_NAME].value}])
    page = context.new_page()
    page.goto(f"/admin/?{DAYS}")
    page.get_by_role("link", name="90 days").click()
    shown = page.locator("#card-active .g-value").inner_text()
    context.close()

    assert shown == "7"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("dashboard", f"/admin/?{DAYS}"),
        ("people", "/admin/telemetry/person/"),
        ("event-types", "/admin/telemetry/eventtype/"),
        ("new-key", "/admin/telemetry/apikey/add/"),
        ("new-funnel", "/admin/growth/savedfunnel/add/"),
        ("schedule", "/admin/django_celery_beat/periodictask/"),
        ("audit-log", "/admin/telemetry/auditentry/"),
    ],
)
def test_pages_hold_at_two_widths_in_two_schemes(dashboard, photograph, name, address):
    dashboard.goto(address)
    dashboard.wait_for_load_state("networkidle")

    photograph(name)
