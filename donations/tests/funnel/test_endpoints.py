"""What our pages report: what is taken, what is refused, and that the arm is ours to say."""

import json

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from donations.experiments import SUPPORT_HERO
from donations.models import DonationInteraction, Supporter
from donations.views import endpoints
from telemetry.experiments.models import Assignment, Experiment, Exposure
from telemetry.operations.limits import Limit

pytestmark = pytest.mark.django_db

CLICK, IMPRESSION, DISMISSAL, PROMPT, EVENT = (
    f"/donate/{name}"
    for name in (
        "track-click",
        "track-impression",
        "track-banner-dismissal",
        "request-soft-prompt",
        "track-support-event",
    )
)
GOOD = {
    CLICK: {"placement": "banner_bmc"},
    IMPRESSION: {"placement": "banner"},
    DISMISSAL: {"placement": "banner"},
    PROMPT: {"kind": "long_session"},
    EVENT: {"event": "support_modal_opened", "placement": "header"},
}
URLENCODED = "application/x-www-form-urlencoded"
everywhere = pytest.mark.parametrize("address", GOOD)


def send(client, address, body):
    """Post JSON, or bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(address, raw, content_type="application/json")


def rows():
    return list(DonationInteraction.objects.values_list("interaction_type", "placement", "choice", "prompt"))


@everywhere
def test_a_good_report_is_taken(client_of_ada, address):
    answer = send(client_of_ada, address, GOOD[address])

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json().get("recorded") is True or answer.json()["show"] is True
    assert len(rows()) == 1


@pytest.mark.parametrize(
    ("address", "said", "row"),
    [
        (CLICK, {"placement": "banner_bmc"}, ("link_clicked", "banner_bmc", "", "")),
        (CLICK, {"placement": "banner_key"}, ("support_license_clicked", "banner_key", "", "")),
        (IMPRESSION, {"placement": "banner"}, ("banner_impression", "banner", "", "")),
        (DISMISSAL, {"placement": "banner"}, ("banner_dismissed", "banner", "", "")),
        (
            EVENT,
            {"event": "support_donation_clicked", "placement": "reports", "choice": "10"},
            ("support_donation_clicked", "reports", "10", ""),
        ),
        (
            EVENT,
            {"event": "support_modal_opened", "placement": "after_report", "prompt": "after_report"},
            ("support_modal_opened", "after_report", "", "after_report"),
        ),
        (EVENT, {"event": "support_shared"}, ("support_shared", "", "", "")),
        (
            EVENT,
            {"event": "support_prompt_dismissed", "prompt": "seven_day"},
            ("support_prompt_dismissed", "", "", "seven_day"),
        ),
    ],
)
def test_a_report_becomes_its_row(client_of_ada, address, said, row):
    assert send(client_of_ada, address, said).status_code == 200
    assert rows() == [row]


def test_a_beacon_sends_a_form_with_its_token(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada.account)
    page = client.get("/donate/")
    token = str(page.context["csrf_token"])
    for body in ({"placement": "banner", "csrfmiddlewaretoken": token}, {"placement": "banner"}):
        client.post(IMPRESSION, body)
    assert [row[0] for row in rows()] == ["page_viewed", "banner_impression"]

    assert client.post(CLICK, {"placement": "banner_bmc"}).json()["code"] == "csrf"
    in_the_header = {"X-CSRFToken": token}
    answer = client.post(CLICK, GOOD[CLICK], content_type="application/json", headers=in_the_header)
    assert answer.status_code == 200


def test_one_impression_a_day_counts(client_of_ada):
    with time_machine.travel(timezone.now(), tick=False):  # no midnight between them
        recorded = [send(client_of_ada, IMPRESSION, GOOD[IMPRESSION]).json()["recorded"] for _ in range(3)]

    assert recorded == [True, False, False]


def test_a_dismissal_follows_to_other_devices(client_of_ada, ada):
    send(client_of_ada, DISMISSAL, GOOD[DISMISSAL])
    other = Client()
    other.force_login(ada.account)

    assert b"data-support-banner" not in other.get("/").content


def test_a_click_on_an_amount_ends_banner_and_prompts(client_of_ada, ada):
    assert b"data-support-banner" in client_of_ada.get("/").content
    send(client_of_ada, EVENT, {"event": "support_donation_clicked", "placement": "header", "choice": "10"})

    assert b"data-support-banner" not in client_of_ada.get("/").content
    assert send(client_of_ada, PROMPT, GOOD[PROMPT]).json() == {"show": False}


def test_one_soft_prompt_a_session(client_of_ada, ada):
    assert send(client_of_ada, PROMPT, {}).json() == {"show": True, "kind": "seven_day", "variant": None}
    Supporter.objects.update(prompted_at=None)

    assert send(client_of_ada, PROMPT, GOOD[PROMPT]).json() == {"show": False}


def test_a_prompt_that_is_reported_as_shown_takes_its_turn(client_of_ada):
    said = {"event": "support_prompt_shown", "prompt": "long_session"}

    assert [send(client_of_ada, EVENT, said).json()["recorded"] for _ in range(2)] == [True, False]
    assert len(rows()) == 1


@pytest.fixture
def running(db):
    experiment = Experiment.objects.get(key=SUPPORT_HERO)
    experiment.start(at=timezone.now())
    return experiment


@everywhere
def test_a_forged_arm_is_ignored(client_of_ada, running, address):
    client_of_ada.get("/")
    arm = Assignment.objects.get().arm.name
    for forged in ("key_first", "control", "cta_alt", "pwned", 7, None):
        send(client_of_ada, address, {**GOOD[address], "variant": forged})

    assert set(DonationInteraction.objects.values_list("variant", flat=True)) == {arm}


def test_an_arm_is_exposed_when_it_is_seen_not_when_it_is_given(client_of_ada, running):
    client_of_ada.get("/")
    assert not Exposure.objects.exists()

    send(client_of_ada, IMPRESSION, GOOD[IMPRESSION])
    send(client_of_ada, EVENT, GOOD[EVENT])
    assert Exposure.objects.get().arm == Assignment.objects.get().arm


DEEP = b"[" * 2000 + b"]" * 2000
BAD = {
    "empty": b"",
    "blank": b" ",
    "half": b"{",
    "a list": b"[]",
    "null": b"null",
    "a string": b'"a"',
    "a number": b"7",
    "true": b"true",
    "deep": DEEP,
    "deep inside": b'{"placement": ' + DEEP + b"}",
    "NaN": b'{"placement": NaN}',
    "infinity": b'{"placement": Infinity}',
    "1e999": b'{"placement": 1e999}',
    "5000 digits": b'{"placement": ' + b"9" * 3000 + b"}",
    "a number for a word": b'{"placement": 1, "event": 1, "kind": 1}',
    "a boolean": b'{"placement": true, "event": true, "kind": true}',
    "NUL": b'{"placement": "header\\u0000", "event": "a\\u0000", "kind": "a\\u0000"}',
    "a raw NUL": b'{"placement": "a\x00", "kind": "a\x00"}',
    "a surrogate": b'{"placement": "\\ud800", "kind": "\\ud800"}',
    "ff fe": b"\xff\xfe",
    "UTF-16": '{"placement": "banner"}'.encode("utf-16"),
    "a BOM": b'\xef\xbb\xbf{"placement": "banner"}',
    "twice": b'{"placement": "banner", "placement": "banner", "kind": "seven_day", "kind": "seven_day"}',
    "an unknown word": b'{"placement": "nowhere", "event": "nagged", "kind": "nagging"}',
    "an unknown field": b'{"placement": "banner", "event": "support_shared", "person": 1}',
    "prototype": b'{"__proto__": {}, "placement": "banner", "event": "support_shared"}',
    "markup": b'{"placement": "</script><svg onload>", "kind": "{{7*7}}", "event": "x"}',
    "an override": '{"placement": "\u202eheader", "kind": "\u202e", "event": "\u202e"}'.encode(),
}


@everywhere
@pytest.mark.parametrize("bad", BAD)
def test_what_cannot_be_understood_is_refused(client_of_ada, address, bad):
    answer = send(client_of_ada, address, BAD[bad])

    # Without a body the client names no content type either.
    assert answer.status_code == (400 if BAD[bad] else 415)
    assert answer.json().keys() == {"code", "message", "fields"}
    assert rows() == []
    assert not Supporter.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        {"event": "checkout_started", "placement": "header"},
        {"event": "payment_succeeded"},
        {"event": "page_viewed"},
        {"event": "banner_impression", "placement": "banner"},
        {"event": "support_modal_opened"},
        {"event": "support_donation_clicked", "placement": "header"},
        {"event": "support_donation_clicked", "placement": "header", "choice": "11"},
        {"event": "support_donation_clicked", "placement": "header", "choice": "<svg>"},
        {"event": "support_donation_clicked", "choice": "10"},
        {"event": "support_prompt_shown"},
        {"event": "support_prompt_dismissed", "prompt": "nagging"},
    ],
)
def test_what_is_not_in_the_vocabulary_is_refused(client_of_ada, said):
    answer = send(client_of_ada, EVENT, said)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["fields"]
    assert rows() == []


@everywhere
@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/csp-report", ""])
def test_another_content_type_is_refused(client_of_ada, address, kind):
    answer = client_of_ada.post(address, b"{}", content_type=kind)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@everywhere
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_a_megabyte_is_not_read(client_of_ada, address, kind):
    answer = client_of_ada.post(address, b" " * 2**20, content_type=kind)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@everywhere
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"x", "multipart/form-data"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=y"),
        (
            b"placement=banner&placement=banner&kind=seven_day&kind=seven_day",
            URLENCODED,
        ),
        (b"placement=nowhere&kind=%00&event=%ff", URLENCODED),
    ],
)
def test_a_broken_form_is_refused(client_of_ada, address, body, kind):
    answer = client_of_ada.post(address, body, content_type=kind)

    # A prompt may be asked for by an empty form.
    assert answer.status_code == 400 or (address == PROMPT and answer.json())
    assert rows() == [] or address == PROMPT


@everywhere
def test_who_is_not_signed_in_is_told_so(client, address):
    answer = send(client, address, GOOD[address])

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


@everywhere
def test_it_is_posted_or_not_at_all(client_of_ada, address):
    answer = client_of_ada.get(address)

    assert (answer.status_code, answer["Allow"], answer.json()["code"]) == (405, "POST", "method_not_allowed")


def test_too_many_are_refused_for_a_while(client_of_ada, monkeypatch):
    monkeypatch.setattr(endpoints, "REPORTS", Limit("support-report", 2, endpoints.REPORTS.window))
    answers = [send(client_of_ada, IMPRESSION, GOOD[IMPRESSION]) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["code"] == "throttled"
    assert int(answers[-1]["Retry-After"]) > 0


@everywhere
def test_only_a_database_that_is_away_is_a_503(client_of_ada, address, monkeypatch):
    from django.db import OperationalError

    def away(*_args, **_kwargs):
        raise OperationalError

    monkeypatch.setattr(endpoints, "take_one", away)
    answer = send(client_of_ada, address, GOOD[address])

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
