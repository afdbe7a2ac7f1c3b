"""The API's document as a page to read and try."""

import pytest
from playwright.sync_api import expect

from growth.tests.api.test_schema import OPERATIONS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_api_s_document_opens_without_a_complaint_of_the_browser(page):
    page.goto("/api/docs/", wait_until="networkidle")

    expect(page.locator(".opblock")).to_have_count(len(OPERATIONS))
    page.locator(".opblock", has_text="/api/v1/reports/funnel/").locator(".opblock-summary").click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()
