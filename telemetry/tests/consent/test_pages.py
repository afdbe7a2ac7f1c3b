"""Page views: of our own pages, of people who said yes, by the route's name."""

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import Client

from telemetry.consent.answers import grant, withdraw
from telemetry.consent.models import Source
from telemetry.consent.visitors import say_yes
from telemetry.log.context import RequestContext, context_of, current
from telemetry.log.models import Event
from telemetry.people.models import Person
from telemetry.tests.consent.conftest import NOON

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
LIKE_SAFARI = "AppleWebKit/537.36 (KHTML, like Gecko)"


def views():
    """The page views in the log, as they were stored."""
    return [event.properties for event in Event.objects.filter(type__name="page.viewed").order_by("pk")]


@pytest.fixture
def account(db):
    return get_user_model().objects.create_superuser("ada@growth.example", date_joined=NOON)


@pytest.fixture
def person(account):
    return Person.objects.of_account(account)


@pytest.fixture
def signed_in(account, person):
    client = Client(headers={"User-Agent": FIREFOX})
    client.force_login(account)
    return client


def test_a_page_is_counted_by_its_route_for_who_said_yes(signed_in, person, left):
    grant(person, source=Source.SETTINGS, at=NOON)

    assert signed_in.get("/?from=a@b.example").status_code == 200

    seen = {"route": "home", "browser_family": "firefox", "device_type": "desktop"}
    assert views() == [seen]
    assert [(one.name, one.attributes) for one in left] == [("page.viewed", seen)]


def test_a_visitor_who_said_yes_is_counted(browser):
    browser.answers(say_yes)
    client = Client()
    client.cookies = browser.cookies

    client.get("/accounts/login/")

    assert len(views()) == 1


def test_without_a_yes_no_page_is_counted(signed_in, person):
    signed_in.get("/")
    withdraw(person, source=Source.SETTINGS, at=NOON)
    signed_in.get("/")
    Client().get("/accounts/login/")

    assert views() == []


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("get", "/admin/", {}),
        ("get", "/api/docs/", {}),
        ("get", "/nowhere/", {}),
        ("get", "/healthz", {}),
        ("get", "/accounts/login/", {}),
        ("head", "/", {}),
        ("post", "/accounts/logout/", {}),
        ("get", "/", {"Sec-Purpose": "prefetch;prerender"}),
    ],
)
def test_what_is_no_page_for_people_is_not_counted(method, path, headers, signed_in, person):
    grant(person, source=Source.SETTINGS, at=NOON)

    getattr(signed_in, method)(path, headers=headers)

    assert views() == []


@pytest.mark.parametrize(
    ("agent", "family", "device"),
    [
        (FIREFOX, "firefox", "desktop"),
        (f"Mozilla/5.0 (Windows NT 10.0) {LIKE_SAFARI} Chrome/141.0 Safari/537.36", "chrome", "desktop"),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {LIKE_SAFARI} Chrome/141.0 Safari/537.36 Edg/141",
            "edge",
            "desktop",
        ),
        (f"Mozilla/5.0 (Macintosh) {LIKE_SAFARI} Chrome/141.0 Safari/537.36 OPR/122", "opera", "desktop"),
        (f"Mozilla/5.0 (iPhone) {LIKE_SAFARI} Version/26.0 Mobile/15E148 Safari/604.1", "safari", "mobile"),
        (f"Mozilla/5.0 (iPad) {LIKE_SAFARI} CriOS/141.0 Mobile/15E148 Safari/604.1", "chrome", "tablet"),
        (f"Mozilla/5.0 (Linux; Android 15) {LIKE_SAFARI} Chrome/141.0 Safari/537.36", "chrome", "tablet"),
        (f"Mozilla/5.0 (Linux; Android 15) {LIKE_SAFARI} Chrome/141 Mobile Safari/537", "chrome", "mobile"),
        ("curl/8.15", "other", "desktop"),
        ("", None, None),
    ],
)
def test_of_the_browser_only_its_family_and_kind_are_known(agent, family, device, rf):
    request = rf.get("/", headers={"User-Agent": agent})

    assert context_of(request) == RequestContext(None, family, device)


def test_outside_of_a_request_nothing_is_known_of_one(signed_in):
    signed_in.get("/")

    assert current() == RequestContext()


def test_a_page_is_shown_though_counting_it_fails(signed_in, person, monkeypatch, caplog):
    def fails(*_args, **_kwargs):
        raise OperationalError("a@b.example")

    monkeypatch.setattr("telemetry.log.pages.track", fails)

    assert signed_in.get("/").status_code == 200
    [record] = [record for record in caplog.records if record.message == "a page view was lost"]
    assert record.error == "OperationalError"
