"""The telemetry page as staff see it."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from growth.models import User
from telemetry.consent.answers import grant
from telemetry.consent.models import Source
from telemetry.delivery.installation import switch_detailed
from telemetry.delivery.models import DeliveryCount, Installation
from telemetry.log.product_events import PageViewed
from telemetry.log.track import track
from telemetry.people.models import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/telemetry/installation/"


@pytest.fixture
def staff(transactional_db):
    return User.objects.create_superuser("root@example.org")


@pytest.fixture
def sink(settings):
    """A sink that nobody reaches: nothing is drained here."""
    settings.TELEMETRY_SINK = "https://collector.example/otlp"
    settings.TELEMETRY_DETAILED, settings.TELEMETRY_DISABLED = None, False


def test_staff_switch_detailed_on_and_off_and_send_a_test_record(page, signed_in, staff, sink, photograph):
    signed_in(staff).goto("/admin/")
    page.get_by_role("link", name="Telemetry").click()
    page.get_by_role("link", name="Switch on").click()
    photograph("telemetry-switch")
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_text("Detailed telemetry is on.")).to_be_visible()
    expect(page.get_by_text("Switched on by root@example.org")).to_be_visible()

    page.get_by_role("button", name="Send a test record").click()
    expect(page.get_by_text("A test record is queued")).to_be_visible()
    expect(page.get_by_text("2 queued = 0 delivered + 0 dropped + 2 waiting")).to_be_visible()

    page.get_by_role("link", name="Switch off").click()
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_text("Switched off by root@example.org")).to_be_visible()


def test_the_page_of_a_sink_that_refuses(page, signed_in, staff, sink, photograph):
    now = timezone.now()
    switch_detailed(True, by=staff, at=now)
    person = Person.objects.create()
    grant(person, source=Source.SETTINGS, at=now)
    track(person, PageViewed(route="home"), at=now)
    Installation.objects.update(
        paused_at=now, resume_at=now, last_error="status_401", last_error_at=now, last_delivery_at=now
    )
    for layer, delivered, dropped in (
        ("base", 12, {}),
        ("detailed", 4_821, {"queue_full": 12, "status_400": 3}),
    ):
        counts = {("delivered", ""): delivered, **{("dropped", reason): n for reason, n in dropped.items()}}
        counts["queued", ""] = sum(counts.values())
        for (outcome, reason), count in counts.items():
            DeliveryCount.objects.create(layer=layer, outcome=outcome, reason=reason, count=count)
    signed_in(staff).goto(PAGE)
    photograph("telemetry-refused")
    page.get_by_role("button", name="Resume").click()

    expect(page.get_by_text("The sink is tried again now.")).to_be_visible()
    photograph("telemetry")


def test_the_page_without_a_sink_and_with_telemetry_disabled(page, signed_in, staff, settings, photograph):
    signed_in(staff).goto(PAGE)
    expect(page.get_by_text("No sink is configured")).to_be_visible()
    photograph("telemetry-no-sink")
    settings.TELEMETRY_DISABLED = True
    page.reload()

    expect(page.get_by_text("TELEMETRY_DISABLED is set")).to_be_visible()
    photograph("telemetry-disabled")
