"""The people behind a number: who may look, what is left of it, and what is downloaded."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import quote

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.test.utils import CaptureQueriesContext

from growth.models import Cohort
from growth.tests.dashboard.conftest import DAYS, links_of
from telemetry.operations.models import AuditEntry
from telemetry.people.models import PersonAlias


def rows_of(response):
    return list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode())))


@pytest.fixture
def active_link(browser_of_staff, a_product):
    """The address behind the number of active people."""
    return links_of(browser_of_staff.get(f"/admin/?{DAYS}").content.decode())[0][0]


def test_looking_at_people_leaves_an_audit_row(browser_of_staff, active_link, staff):
    browser_of_staff.get(active_link)

    entry = AuditEntry.objects.get(action="people.seen", after__kind="active")
    assert entry.actor == staff


def test_looking_at_people_needs_its_own_permission(in_groups, active_link):
    assert in_groups("Aggregate figures").get(active_link).status_code == 403
    assert in_groups("People").get(active_link).status_code == 200


def test_the_product_s_ids_need_theirs(in_groups, active_link):
    may_look = ["growth.view_figures", "telemetry.view_people"]

    assert "ann" not in in_groups(permissions=may_look).get(active_link).content.decode()
    assert "ann" in in_groups("People").get(active_link).content.decode()


def test_a_person_is_described_in_words(browser_of_staff, active_link):
    assert "with medium engagement" in browser_of_staff.get(active_link).content.decode()


def test_a_long_list_comes_in_pages(browser_of_staff, did, a_product):
    for number in range(60):
        did(f"more-{number:02}", 3)
    (href, number), *_ = links_of(browser_of_staff.get(f"/admin/?{DAYS}").content.decode())
    pages = [browser_of_staff.get(f"{href}&page={page}").context["rows"] for page in (1, 2)]

    assert number == 66
    assert [len(rows) for rows in pages] == [50, 16]
    assert not {row.pk for row in pages[0]} & {row.pk for row in pages[1]}


@pytest.mark.parametrize("page", ["-1", "0", "100000000000000000000", "abc", "%00"])
def test_a_page_that_is_not_there_is_another_page(browser_of_staff, active_link, page):
    assert browser_of_staff.get(f"{active_link}&page={page}").status_code == 200


QUESTIONS = [
    "",
    "{",
    "[]",
    "null",
    '"a"',
    "[" * 30_000,
    "1" * 5_000,
    "NaN",
    '{"kind": "nonsense"}',
    '{"kind": "active"}',
    '{"kind": "active", "start": "2026-01-01", "end": "2026-02-01", "cohort": null, "reported_only": true}',
    '{"kind": "active", "start": 1, "end": {}, "cohort": null, "reported_only": true}',
    '{"kind": "segment", "property": "password", "value": "x", "as_of": "2026-01-01T00:00Z"}',
    '{"kind": "segment", "property": "engagement_level", "value": "\\u0000", "as_of": "2026-01-01T00:00Z"}',
    '{"kind": "segment", "property": "is_at_risk", "value": [], "as_of": "2026-01-01T00:00Z"}',
    '{"kind": "segment", "property": "is_at_risk", "value": true, "as_of": "0001-01-01T00:00:00+14:00",'
    ' "reported_only": true}',
    '{"kind": "cohort", "slug": "inactive", "as_of": "9999-12-31T23:59:59-14:00", "reported_only": true}',
    '{"kind": "cohort", "slug": "nobody-made-it", "as_of": "2026-01-01T00:00Z", "reported_only": true}',
    '{"kind": "cohort", "slug": "a\\u0000b", "as_of": "2026-01-01T00:00Z", "reported_only": true}',
    '{"kind": "cohort", "slug": "\\ud800", "as_of": "2026-01-01T00:00Z", "reported_only": true}',
    '{"kind": "funnel", "question": {"steps": []}, "outcome": "reached", "step": 1, "group": null}',
    '{"kind": "funnel", "question": {"steps": [{"event": "activity.logged"}], "start": "2026-01-01T00:00Z",'
    ' "end": "2026-02-01T00:00Z", "window_seconds": 60, "breakdown": "source"},'
    ' "outcome": "reached", "step": 1, "group": "\\u0000"}',
    '{"kind": "funnel", "question": {"steps": [{"event": "activity.logged"}], "start": "2026-01-01T00:00Z",'
    ' "end": "2026-02-01T00:00Z", "window_seconds": 60, "breakdown": "source"},'
    ' "outcome": "reached", "step": 1, "group": "\\ud800"}',
    '{"kind": "retention", "question": {}, "cohort": "2026-01-01", "k": 1}',
    '{"kind": ["active"]}',
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_link_that_cannot_be_read_leads_nowhere(browser_of_staff, a_product, question):
    for address in ("/admin/people-behind/", "/admin/people-behind.csv"):
        assert browser_of_staff.get(f"{address}?q={quote(question)}").status_code == 404
    assert not AuditEntry.objects.exists()


def test_a_cell_outside_its_triangle_leads_nowhere(browser_of_staff, a_product):
    page = browser_of_staff.get(f"/admin/?{DAYS}&pace=week").content.decode()
    from urllib.parse import parse_qs, urlsplit

    asked = next(
        question
        for href, _number in links_of(page)
        if (question := json.loads(parse_qs(urlsplit(href).query)["q"][0]))["kind"] == "retention"
    )
    for change in ({"cohort": "1999-01-04"}, {"k": 99}, {"k": -1}, {"k": True}):
        question = quote(json.dumps(asked | change))
        assert browser_of_staff.get(f"/admin/people-behind/?q={question}").status_code == 404


def test_an_export_needs_its_own_permission_and_leaves_an_audit_row(in_groups, active_link):
    address = active_link.replace("people-behind/", "people-behind.csv")

    assert in_groups("People").get(address).status_code == 403
    rows = rows_of(in_groups("Export").get(address))

    assert len(rows) - rows.index([]) - 2 == 6
    assert AuditEntry.objects.filter(action="people.exported", after__people=6).count() == 1


def test_an_export_asks_for_the_second_factor_once_more(browser_of_staff, active_link, staff):
    TOTP.activate(staff, "A" * 32)
    answer = browser_of_staff.get(active_link.replace("people-behind/", "people-behind.csv"))

    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/2fa/reauthenticate/")
    assert not AuditEntry.objects.filter(action="people.exported").exists()


def test_an_exported_name_is_no_formula(browser_of_staff, active_link):
    PersonAlias.objects.filter(value="ann").update(value="=cmd()")
    rows = rows_of(browser_of_staff.get(active_link.replace("people-behind/", "people-behind.csv")))

    assert any("'=cmd()" in row for row in rows)


@pytest.mark.parametrize("panel", ["figures", "funnel", "retention", "segments", "cohorts", "jobs"])
def test_a_panel_is_downloaded_as_it_stands(browser_of_staff, a_product, panel):
    response = browser_of_staff.get(f"/admin/panels/{panel}.csv?{DAYS}")
    rows = rows_of(response)
    said = dict(row for row in rows[: rows.index([])] if len(row) == 2)

    assert said["as of"] == "2026-03-01T00:00:00+00:00"
    assert said["time zone"] == "UTC"
    assert said["definition"]
    table = rows[rows.index([]) + 1 :]
    assert len({len(row) for row in table}) == 1
    assert len(table) > 1


def test_a_downloaded_panel_hides_what_the_page_hides(in_groups, a_product):
    rows = rows_of(in_groups("Aggregate figures").get(f"/admin/panels/retention.csv?{DAYS}&pace=week"))

    assert any("< 5" in row for row in rows)
    assert not any(cell in {"1", "2", "3", "4"} for row in rows[-6:-1] for cell in row[1:])


def test_a_panel_without_permission_is_not_downloaded(in_groups, a_product):
    assert in_groups().get("/admin/panels/funnel.csv").status_code == 403


def test_an_unknown_panel_is_not_found(browser_of_staff):
    assert browser_of_staff.get("/admin/panels/nonsense.csv").status_code == 404


def test_a_cohort_of_staff_opens_too(browser_of_staff, a_product):
    cohort = Cohort.objects.create(slug="pilot", name="Pilot", kind=Cohort.Kind.LIST)
    cohort.add_people(["ann", "ben"])
    page = browser_of_staff.get(f"/admin/?{DAYS}").content.decode()
    ((href, number),) = [link for link in links_of(page) if "pilot" in link[0]]

    assert number == 2
    assert browser_of_staff.get(href).context["page"].paginator.count == 2


def test_the_list_asks_as_much_for_many_people_as_for_few(browser_of_staff, active_link, did):
    def asked():
        browser_of_staff.get(active_link)
        with CaptureQueriesContext(connection) as captured:
            browser_of_staff.get(active_link)
        return len(captured)

    few = asked()
    for number in range(40):
        did(f"more-{number:02}", 3)

    assert asked() == few <= 25
