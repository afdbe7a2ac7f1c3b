"""Segments and cohorts over HTTP."""

from datetime import timedelta

import pytest

from growth.models import Cohort
from growth.tests.api.conftest import START
from telemetry.people.models import Person
from telemetry.segments.refresh import refresh_segments

DAY = 86_400


def test_a_person_is_read_by_the_products_own_id_and_by_the_public_one(reader, happened):
    happened(("u1", "a", 10 * DAY))
    refresh_segments(now=START + timedelta(days=11), full=True)
    public = Person.objects.get().public_id

    answers = [reader.get(f"/api/v1/people/{name}/segment/").json() for name in ("u1", public)]

    assert answers[0] == answers[1]
    assert answers[0]["entries_last_7_days"] == 1
    assert answers[0]["engagement_level"] == "low"
    assert answers[0]["role"] == "user"
    assert {"email", "username"}.isdisjoint(answers[0])


def test_an_unknown_person_is_404(reader, db):
    answer = reader.get("/api/v1/people/nobody/segment/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_name_that_no_database_can_hold_is_nobody(reader, db):
    assert reader.get("/api/v1/people/a%00b/segment/").status_code == 404


def test_segments_count_everybody_once_in_each_group(reader, happened):
    happened(("u1", "a", 10 * DAY), ("u2", "a", 0), ("u3", "b", 0))
    refresh_segments(now=START + timedelta(days=11), full=True)

    answer = reader.get("/api/v1/segments/").json()

    assert answer["as_of"] == "2026-01-12T00:00:00Z"
    for name in (
        "engagement_level",
        "activity_trend",
        "preferred_tracking_method",
        "account_age_category",
    ):
        assert sum(each["people"] for each in answer[name]) == 3


def test_cohorts_have_names_and_sizes(reader, happened):
    happened(("u1", "a", 10 * DAY), ("u2", "a", 0))
    refresh_segments(now=START + timedelta(days=11), full=True)

    answer = reader.get("/api/v1/cohorts/").json()

    sizes = {cohort["slug"]: cohort["people"] for cohort in answer["cohorts"]}
    assert (sizes["active-users"], sizes["at-risk"]) == (1, 1)
    assert all(cohort["name"] for cohort in answer["cohorts"])


def test_a_question_about_a_cohort_says_when_the_cohort_was_refreshed(ask, happened):
    happened(("u1", "a", 10 * DAY), ("u2", "a", 0))
    refresh_segments(now=START + timedelta(days=11), full=True)
    question = {
        "steps": [{"event": "step.a"}],
        "window_seconds": 60,
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-02-01T00:00:00Z",
        "cohort": "active-users",
    }

    answer = ask("funnel", question).json()

    assert answer["entered"] == 1
    assert (answer["cohort"], answer["cohort_as_of"]) == ("active-users", "2026-01-12T00:00:00Z")


def test_a_cohort_that_cannot_be_read_is_null_people_and_no_population(reader, ask, happened):
    happened(("u1", "a", 10 * DAY))
    refresh_segments(now=START + timedelta(days=11), full=True)
    Cohort.objects.create(slug="broken", name="Broken", rules=[{"property": "renamed_since", "is": "high"}])
    question = {
        "steps": [{"event": "step.a"}],
        "window_seconds": 60,
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-02-01T00:00:00Z",
        "cohort": "broken",
    }

    people = {each["slug"]: each["people"] for each in reader.get("/api/v1/cohorts/").json()["cohorts"]}
    refused = ask("funnel", question)

    assert (people["broken"], people["active-users"]) == (None, 1)
    assert refused.status_code == 400
    assert refused.json()["fields"]["cohort"] == ["The rules of the cohort “broken” cannot be read."]


@pytest.mark.parametrize("address", ["segments/", "cohorts/", "people/u1/segment/"])
@pytest.mark.parametrize("query", ["page=2", "engagement_level=high", "as_of=2026-01-01T00:00:00Z", "x"])
def test_what_a_query_asks_in_vain_is_refused_by_its_name(reader, happened, address, query):
    happened(("u1", "a", 0))

    answer = reader.get(f"/api/v1/{address}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["fields"] == {query.split("=")[0]: ["Unknown field."]}


def test_who_may_not_read_is_told_so_before_their_query_is_looked_at(client, db):
    assert client.get("/api/v1/segments/?page=2").status_code == 401
