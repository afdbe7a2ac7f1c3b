"""A page in Chromium that fails its test on any complaint of the browser, and a camera."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from growth.models import User

# A browser sees the same pages on either database: what differs between the two is asked without one.
collect_ignore_glob = ["test_*.py"] if settings.POSTGRESQL else []

expect.set_options(timeout=15_000)

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")

# A violation is told to the console as well, but not by every directive in the same words.
TELL_OF_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", violation =>
    console.error(`policy: ${violation.effectiveDirective} ${violation.blockedURI} ${violation.sample}`))
"""


@pytest.fixture
def browser(monkeypatch) -> Iterator[Browser]:
    """Debian's Chromium; without it the test fails."""
    # Playwright runs an event loop in this thread, which Django would take for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
        # While the loop runs, this thread has database connections of its own; nobody closes them later.
        connections.close_all()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of; a test that provokes one on purpose takes it out."""
    return []


@pytest.fixture
def site(django_db_setup, live_server):
    """Where the site runs; named in this order, it stops before its database is dropped."""
    return live_server.url


@pytest.fixture
def page(site, transactional_db, browser, complaints) -> Iterator[Page]:
    """A page of the running site, 1280 px wide and light; relative addresses are the site's."""
    cache.clear()
    context = browser.new_context(
        base_url=site, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    context.add_init_script(TELL_OF_VIOLATIONS)
    page = context.new_page()

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def signed_in(page: Page, site) -> Callable[..., Page]:
    """`signed_in(account)`: the page, with a session of the account."""

    def sign_in(account: User) -> Page:
        client = Client()
        client.force_login(account)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        return page

    return sign_in


@pytest.fixture
def photograph(page) -> Callable[[str], None]:
    """`photograph("sign-up")`: the page at 390 and 1280 px, light and dark; none may scroll sideways.

    The pictures are in `var/screenshots`.
    """
    folder = Path(settings.GROWTH_DATA) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def take(name: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                if "/admin/" in page.url:  # unfold asks for the scheme once, when a page is loaded
                    page.reload(wait_until="networkidle")
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} scrolls sideways at {width} px"
        page.emulate_media(color_scheme="light")

    return take
