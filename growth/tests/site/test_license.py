"""The page of the supporter key."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from donations.keys import this_system_id
from donations.models import SupporterKey
from donations.tests.keys.conftest import PRIVATE, PUBLIC, signed
from growth.models import User
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person

pytestmark = pytest.mark.django_db

PAGE = "/settings/license/"
EVERYBODY = "/settings/license/everybody/"
VALID, INVALID = "The key is valid.", "This is not a key for this System ID."


@pytest.fixture(autouse=True)
def verifier(settings):
    settings.SUPPORT_KEY_PUBLIC = PUBLIC
    settings.SUPPORT_KEY_PRIVATE = settings.SUPPORT_KEY_SECRET = ""


@pytest.fixture
def ada(client):
    account = User.objects.create_user("ada@example.org")
    client.force_login(account)
    return account


@pytest.fixture
def staff(client):
    account = User.objects.create_superuser("root@example.org")
    client.force_login(account)
    return account


@pytest.fixture
def key():
    return signed(this_system_id(timezone.now()))


def test_whoever_is_not_signed_in_is_sent_to_do_so(client):
    for page in (PAGE, EVERYBODY):
        assert client.post(page, {"key": "x"}).url.startswith(reverse("account_login"))


def test_the_page_shows_the_system_id(client, ada):
    answer = client.get(PAGE)

    assert this_system_id(timezone.now()) in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_a_key_is_entered(client, ada, key):
    answer = client.post(PAGE, {"key": f"\n {key} "}, follow=True)

    assert VALID in answer.content.decode()
    assert "You support this" in answer.content.decode()
    assert SupporterKey.objects.standing().get().person == Person.objects.get(account=ada)
    assert AuditEntry.objects.get().actor == ada


@pytest.mark.parametrize(
    "wrong", ["A" * 88, "“key”", "ä", "\udcff", "a\0b", "x" * 60_000, "{{7*7}}", "' OR 1=1--", "‮", ""]
)
def test_what_is_no_key_is_said_to_be_none(client, ada, wrong):
    body = urlencode({"key": wrong.encode(errors="surrogateescape")})
    answer = client.post(PAGE, body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not SupporterKey.objects.exists()


def test_without_a_verifier_the_page_says_so_and_asks_for_nothing(client, ada, settings, key):
    settings.SUPPORT_KEY_PUBLIC = ""

    assert "not set up to check keys" in client.get(PAGE).content.decode()
    assert '<form method="post" action="/settings/license/">' not in client.get(PAGE).content.decode()
    assert "not set up to check keys" in client.post(PAGE, {"key": key}).content.decode()


def test_the_eleventh_try_has_to_wait(client, ada, key):
    tries = [client.post(PAGE, {"key": "wrong"}).status_code for _ in range(10)]
    refused = client.post(PAGE, {"key": key})

    assert (set(tries), refused.status_code) == ({200}, 429)
    assert int(refused["Retry-After"]) > 800


def test_staff_enter_a_key_for_everybody(client, staff, key):
    assert "For everybody here" in client.get(PAGE).content.decode()

    answer = client.post(EVERYBODY, {"key": key}, follow=True)
    assert "Everybody here supports this" in answer.content.decode()
    assert SupporterKey.objects.get().is_for_everybody


def test_a_wrong_key_for_everybody_is_told_in_its_own_form(client, staff):
    answer = client.post(EVERYBODY, {"key": "wrong"})

    assert answer.context["everybodys"].errors
    assert not answer.context["own"].errors


def test_nobody_else_enters_one_for_everybody(client, ada, key):
    assert "For everybody here" not in client.get(PAGE).content.decode()
    assert client.post(EVERYBODY, {"key": key}).status_code == 403
    assert not SupporterKey.objects.exists()


def test_a_key_that_was_bought_is_shown_to_its_owner_alone(client, ada, key):
    from growth.tests.privacy_data.giving import fill_donations

    fill_donations(Person.objects.of_account(ada), "word", timezone.now())
    assert "word-signature" in client.get(PAGE).content.decode()

    client.force_login(User.objects.create_user("eve@example.org"))
    assert "word-signature" not in client.get(PAGE).content.decode()


def test_the_settings_lead_there_and_say_how_things_stand(client, ada, key):
    assert "Enter a key" in client.get("/settings/").content.decode()

    client.post(PAGE, {"key": key})
    assert "You support this." in client.get("/settings/").content.decode()


def test_the_page_asks_few_questions(client, ada, key, django_assert_max_num_queries):
    client.get(PAGE)
    with django_assert_max_num_queries(14):
        client.get(PAGE)


@pytest.mark.parametrize("page", ["/donate/", "/pricing/"])
def test_a_key_is_offered_only_where_one_can_be_made(client, settings, page):
    assert "Supporter key" not in client.get(page).content.decode()

    settings.SUPPORT_KEY_PRIVATE = PRIVATE
    assert "Supporter key" in client.get(page).content.decode()


def test_prices_lead_on_whoever_may_be_asked_and_nobody_else(client, ada, key):
    assert "Become a member" in client.get("/pricing/").content.decode()

    client.post(PAGE, {"key": key})
    prices = client.get("/pricing/").content.decode()
    assert "Become a member" not in prices
    assert '<a href="/donate/">Where to get it</a>' in prices  # who gave once may want to become a member
