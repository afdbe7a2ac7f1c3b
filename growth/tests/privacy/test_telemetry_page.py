"""The telemetry page: who may look, who may switch, and what it shows."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from growth.models import User
from telemetry.consent.answers import grant
from telemetry.consent.models import Source
from telemetry.delivery.installation import the_installation
from telemetry.delivery.models import Delivery, DeliveryCount, Installation
from telemetry.delivery.schema import SCHEMA
from telemetry.log.product_events import PageViewed
from telemetry.log.track import track
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

PAGE = "/admin/telemetry/installation/"
VERBS = ("on/", "off/", "test/", "resume/")


@pytest.fixture
def staff_who(db):
    """`staff_who("change_installation")`: a client of staff with these permissions."""

    def make(*permissions):
        user = User.objects.create_user(f"staff-{User.objects.count()}@example.org", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def staff(staff_who):
    return staff_who("change_installation")


@pytest.fixture
def sink(settings):
    settings.TELEMETRY_SINK = "https://collector.example/otlp"
    settings.TELEMETRY_SINK_HEADERS = {"authorization": "Bearer not-for-eyes"}


def detailed():
    """Whether staff have switched the detailed layer on."""
    return Installation.objects.filter(detailed_enabled=True).exists()


def actions():
    """What the audit log tells of telemetry, in order."""
    entries = AuditEntry.objects.filter(action__startswith="telemetry.").order_by("pk")
    return list(entries.values_list("action", flat=True))


def payloads(page):
    """The attributes of each layer's record on the page."""
    for layer in page.context["layers"]:
        [record] = json.loads(layer.payload)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
        yield {pair["key"] for pair in record["attributes"]}


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_it_is_closed_to_staff_without_the_permission(staff_who, verb):
    assert staff_who("view_alert").post(f"{PAGE}{verb}").status_code == 403
    assert Client().post(f"{PAGE}{verb}")["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("verb", VERBS)
def test_who_may_only_look_finds_no_button_and_does_nothing(staff_who, sink, verb):
    reader = staff_who("view_installation")

    assert b"t-button" not in reader.get(PAGE).content
    assert reader.post(f"{PAGE}{verb}").status_code == 403
    assert actions() == []


def test_the_side_bar_leads_there_for_who_may_go(staff_who):
    link = PAGE.encode()

    assert link in staff_who("change_installation").get("/admin/").content
    assert link in staff_who("view_installation").get("/admin/").content
    assert link not in staff_who("view_alert").get("/admin/").content


def test_switching_asks_once_more_and_setting_twice_changes_nothing(staff, sink):
    assert b"Switch detailed telemetry on?" in staff.get(f"{PAGE}on/").content
    assert not detailed()
    for _ in range(2):
        staff.post(f"{PAGE}on/")

    assert detailed()
    assert Delivery.objects.filter(name="base_telemetry.opted_in").count() == 1
    assert actions() == ["telemetry.detailed_switched"]
    assert b"Switched on by staff-0@example.org" in staff.get(PAGE).content
    for _ in range(2):
        staff.post(f"{PAGE}off/")
    assert not detailed()


@pytest.mark.parametrize("lock", [True, False])
def test_a_lock_of_the_environment_is_shown_and_not_picked(staff, sink, settings, lock):
    settings.TELEMETRY_DETAILED = lock
    page = staff.get(PAGE).content

    assert b"Locked by the environment: TELEMETRY_DETAILED." in page
    assert b"installation/on/" not in page
    assert b"installation/off/" not in page
    staff.post(f"{PAGE}{'off' if lock else 'on'}/")
    assert actions() == []


def test_the_kill_switch_is_shown_and_queues_nothing(staff, sink, settings):
    settings.TELEMETRY_DISABLED = True
    page = staff.get(PAGE).content
    staff.post(f"{PAGE}test/")
    staff.post(f"{PAGE}on/")

    assert page.count(b"Locked by the environment: TELEMETRY_DISABLED.") == 2
    assert b"Nothing is queued, and no connection is opened" in page
    assert not Delivery.objects.exists()
    assert actions() == []


def test_a_test_record_is_queued_by_posting_and_kept_in_the_audit_log(staff, sink):
    assert staff.get(f"{PAGE}test/").status_code == 405
    assert not Delivery.objects.exists()
    staff.post(f"{PAGE}test/")

    assert Delivery.objects.get().name == "base_telemetry.test"
    assert actions() == ["telemetry.test_queued"]


def test_without_a_sink_the_page_says_how_to_name_one_and_a_test_goes_nowhere(staff):
    assert b"OTEL_EXPORTER_OTLP_ENDPOINT" in staff.get(PAGE).content
    staff.post(f"{PAGE}test/")

    assert not Delivery.objects.exists()
    assert actions() == []


def test_paused_delivery_is_resumed_by_posting(staff, sink):
    now = timezone.now()
    the_installation(now)
    Installation.objects.update(paused_at=now, resume_at=now, last_error="status_401", last_error_at=now)
    assert b"refuses our credentials" in staff.get(PAGE).content
    assert staff.get(f"{PAGE}resume/").status_code == 405
    staff.post(f"{PAGE}resume/")

    assert Installation.objects.get().paused_at is None
    assert b"refuses our credentials" not in staff.get(PAGE).content
    assert actions() == ["telemetry.delivery_resumed"]


def test_it_says_who_it_is_what_went_wrong_what_waits_and_what_is_never_sent(staff, sink, settings):
    settings.TELEMETRY_DETAILED = True
    now = timezone.now()
    installation = the_installation(now)
    person = Person.objects.create()
    grant(person, source=Source.SETTINGS, at=now)
    track(person, PageViewed(route="home"), at=now)
    Delivery.objects.update(next_try_at=now - timedelta(hours=2, minutes=1))
    Installation.objects.update(
        last_delivery_at=now - timedelta(hours=3), last_error="status_503", last_error_at=now
    )
    page = " ".join(staff.get(PAGE).content.decode().split())

    assert str(installation.install_id) in page
    assert "503" in page
    assert "1 waiting" in page
    assert "1 record, the oldest for 2 hours" in page
    assert f"{now - timedelta(hours=3):%Y-%m-%d %H:%M:%S} UTC" in page
    assert "What telemetry never collects" in page


def test_the_payload_of_the_base_layer_holds_exactly_the_schema(staff, sink):
    base, _detailed = payloads(staff.get(PAGE))

    assert base == SCHEMA


def test_the_payload_of_the_detailed_layer_is_that_of_the_record_queued_last(staff, sink, settings):
    settings.TELEMETRY_DETAILED = True
    example = staff.get(PAGE)
    assert example.context["layers"][1].is_example
    person, now = Person.objects.create(), timezone.now()
    grant(person, source=Source.SETTINGS, at=now)
    track(person, PageViewed(route="home"), at=now)
    page = staff.get(PAGE)

    assert not page.context["layers"][1].is_example
    assert str(person.public_id) not in page.content.decode()
    _base, shown = payloads(page)
    assert shown - {"browser_family", "device_type"} <= next(reversed(list(payloads(example))))
    assert {"install_id", "person", "consent_id", "record_id", "route"} <= shown


def test_drops_stand_with_their_reasons_and_the_sum_is_checked(staff, sink):
    for outcome, reason, count in (("queued", "", 9), ("delivered", "", 5), ("dropped", "queue_full", 4)):
        DeliveryCount.objects.create(layer="detailed", outcome=outcome, reason=reason, count=count)
    page = staff.get(PAGE).content.decode()

    assert "9 queued = 5 delivered + 4 dropped + 0 waiting" in " ".join(page.split())
    assert "the queue was full" in page
    assert "does not balance" not in page
    DeliveryCount.objects.filter(outcome="delivered").update(count=4)
    assert "does not balance" in staff.get(PAGE).content.decode()


def test_credentials_of_the_sink_are_on_no_page(staff, sink):
    page = staff.get(PAGE).content

    assert b"https://collector.example/otlp" in page
    assert b"not-for-eyes" not in page


def test_the_page_costs_few_queries(staff, sink, django_assert_max_num_queries):
    staff.get(PAGE)
    with django_assert_max_num_queries(12):
        staff.get(PAGE)
