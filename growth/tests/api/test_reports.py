"""Funnels and retention over HTTP: the contract's shapes, the worked cases' numbers."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from growth.api.serializers import AskedSerializer
from growth.models import User
from telemetry.people.models import Person
from telemetry.tests.ingest.test_refused_input import UNREADABLE

FUNNEL = {
    "steps": [{"event": "step.a"}, {"event": "step.b"}, {"event": "step.c"}],
    "window_seconds": 100,
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-02-01T00:00:00Z",
    "as_of": "2026-03-01T00:00:00Z",
}
RETENTION = {
    "cohort_event": "step.a",
    "return_event": "activity",
    "period": "week",
    "periods": 4,
    "mode": "on",
    "anchor": "first_ever",
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-01-20T00:00:00Z",
    "as_of": "2026-03-01T00:00:00Z",
}
DAY = 86_400
AC_01 = [
    ("u1", "a", 0), ("u1", "b", 10), ("u1", "c", 30),
    ("u2", "a", 0), ("u2", "b", 20),
    ("u3", "a", 5),
    ("u4", "a", 0), ("u4", "b", 40), ("u4", "c", 90),
    ("u5", "b", 0), ("u5", "c", 5),
]  # fmt: skip


def test_the_basic_funnel_is_answered_as_worked(ask, happened):
    happened(*AC_01)

    answer = ask("funnel", FUNNEL).json()

    assert answer == {
        "steps": [
            {
                "event": "step.a",
                "reached": 4,
                "of_entered": 1.0,
                "of_previous": None,
                "median_seconds_from_entry": None,
                "median_seconds_from_previous": None,
            },
            {
                "event": "step.b",
                "reached": 3,
                "of_entered": 0.75,
                "of_previous": 0.75,
                "median_seconds_from_entry": 20.0,
                "median_seconds_from_previous": 20.0,
            },
            {
                "event": "step.c",
                "reached": 2,
                "of_entered": 0.5,
                "of_previous": 0.6667,
                "median_seconds_from_entry": 60.0,
                "median_seconds_from_previous": 35.0,
            },
        ],
        "entered": 4,
        "converted": 2,
        "in_progress": 0,
        "dropped": 2,
        "excluded": 0,
        "mature": {"entered": 4, "converted": 2, "rate": 0.5},
        "groups": [],
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-02-01T00:00:00Z",
        "as_of": "2026-03-01T00:00:00Z",
        "time_zone": "UTC",
    }


def test_a_breakdown_by_entry_value_partitions_the_people(ask, happened):
    red, blue = {"colour": "red"}, {"colour": "blue"}
    happened(
        ("u1", "a", 0, red), ("u1", "b", 1, red), ("u2", "a", 0, red), ("u2", "b", 1, blue),
        ("u3", "a", 0, blue), ("u4", "a", 0), ("u4", "b", 1, blue),
        ("u5", "a", 0, red), ("u5", "a", 4, blue), ("u5", "b", 9, blue),
    )  # fmt: skip
    question = FUNNEL | {
        "steps": [{"event": "step.a"}, {"event": "step.b"}],
        "breakdown": {"property": "colour", "touch": "entry"},
    }

    groups = ask("funnel", question).json()["groups"]

    assert {group["value"]: [step["reached"] for step in group["steps"]] for group in groups} == {
        "red": [2, 2],
        "blue": [2, 1],
        None: [1, 1],
    }


def test_a_condition_takes_any_of_its_values(ask, happened):
    happened(*[(f"u{place}", "a", 0, {"place": place}) for place in ("header", "sidebar", "page")])
    step = {"event": "step.a", "where": {"place": ["header", "page"]}}

    assert ask("funnel", FUNNEL | {"steps": [step]}).json()["entered"] == 2


def test_an_empty_funnel_has_no_rates(ask, declared):
    answer = ask("funnel", FUNNEL).json()

    assert answer["mature"] == {"entered": 0, "converted": 0, "rate": None}
    assert [step["of_entered"] for step in answer["steps"]] == [None, None, None]


def test_retention_has_a_row_a_week_and_a_cell_a_period(ask, happened):
    # Monday 2025-12-29 begins the first week that holds 2026-01-01.
    happened(("u1", "a", 0), ("u1", "a", 7 * DAY), ("u2", "a", 0), ("u3", "a", 8 * DAY))

    answer = ask("retention", RETENTION).json()

    assert answer["rows"] == [
        {"cohort": "2025-12-29", "size": 2, "retained": [2, 1, 0, 0]},
        {"cohort": "2026-01-05", "size": 1, "retained": [1, 0, 0, 0]},
        {"cohort": "2026-01-12", "size": 0, "retained": [0, 0, 0, 0]},
        {"cohort": "2026-01-19", "size": 0, "retained": [0, 0, 0, 0]},
    ]
    assert answer["weighted_mean"] == [1.0, 0.3333, 0.0, 0.0]
    assert answer["simple_mean"] == [1.0, 0.25, 0.0, 0.0]
    assert (answer["start"], answer["end"]) == ("2025-12-29T00:00:00Z", "2026-01-26T00:00:00Z")


@pytest.mark.parametrize(
    "choice",
    [
        {"order": "strict"},
        {"order": "unordered"},
        {"counting": "attempts"},
        {"counting": "first_touch"},
        {"exclude": [{"event": "step.c", "after": 1, "before": 2, "mode": "discard"}]},
        {"breakdown": {"property": "colour", "touch": "last"}},
        {"breakdown": {"property": "colour", "touch": "step:2"}},
    ],
)
def test_what_is_not_answered_yet_says_so(ask, declared, choice):
    answer = ask("funnel", FUNNEL | choice)

    assert (answer.status_code, answer.json()["code"]) == (400, "not_supported")


def test_lifecycle_is_not_answered_yet(ask, declared):
    question = {key: RETENTION[key] for key in ("period", "start", "end")} | {"event": "activity"}

    answer = ask("lifecycle", question)

    assert (answer.status_code, answer.json()["code"]) == (400, "not_supported")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"start": "2026-01-01T00:00:00"}, "start"),
        ({"start": "0000-01-01T00:00:00Z"}, "start"),
        ({"end": "9999-12-31T23:59:59-05:00"}, "end"),
        ({"end": "2026-01-01T00:00:00Z"}, "end"),
        ({"as_of": "2999-01-01T00:00:00Z"}, "as_of"),
        ({"steps": []}, "steps"),
        ({"steps": [{"event": "nobody.declared_this"}]}, "steps"),
        ({"steps": [{"event": "step.a", "where": {"colour": {"$gt": 1}}}]}, "steps"),
        ({"steps": [{"event": "step.a", "where": {"colour": []}}]}, "steps"),
        ({"steps": [{"event": "step.a", "where": {"col\u0000our": "red"}}]}, "steps"),
        ({"steps": [{"event": "step.a"}] * 11}, "steps"),
        ({"window_seconds": 0}, "window_seconds"),
        ({"window_seconds": True}, "window_seconds"),
        ({"window_seconds": "100"}, "window_seconds"),
        ({"window_seconds": 10**12}, "window_seconds"),
        ({"order": "sideways"}, "order"),
        ({"cohort": "nobody-made-this"}, "cohort"),
        ({"ordering": "password"}, "ordering"),
        ({"breakdown": {"property": "", "touch": "entry"}}, "breakdown"),
    ],
)
def test_a_bad_question_is_refused_by_the_name_of_its_field(ask, declared, wrong, field):
    answer = ask("funnel", FUNNEL | wrong)

    assert answer.status_code == 400
    assert field in answer.json()["fields"], answer.json()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"period": "fortnight"}, "period"),
        ({"periods": 0}, "periods"),
        ({"time_zone": "Middle/Earth"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"mode": "perhaps"}, "mode"),
        ({"anchor": ["first_ever"]}, "anchor"),
        ({"cohort_event": 7}, "cohort_event"),
        ({"start": "1971-01-01T00:00:00Z", "period": "day"}, "start"),
    ],
)
def test_a_bad_retention_is_refused_by_the_name_of_its_field(ask, declared, wrong, field):
    answer = ask("retention", RETENTION | wrong)

    assert answer.status_code == 400
    assert field in answer.json()["fields"], answer.json()


@pytest.mark.parametrize("report", ["funnel", "retention", "lifecycle"])
@pytest.mark.parametrize("body", [*UNREADABLE.values(), b"[]"], ids=[*UNREADABLE, "an empty list"])
def test_a_body_that_cannot_be_read_is_refused_by_each_report(reader, declared, report, body):
    answer = reader.post(f"/api/v1/reports/{report}/", body, content_type="application/json")

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "fields"}


def test_reading_needs_a_key_of_scope_read(ask, declared, client):
    assert ask("funnel", FUNNEL, client).status_code == 401


@pytest.fixture
def staff_in(declared):
    """`staff_in("People")`: a client with a session of staff in these groups."""

    def make(*groups):
        staff = User.objects.create_user("staff@growth.example", is_staff=True)
        staff.groups.set(Group.objects.filter(name__in=groups))
        client = Client()
        client.force_login(staff)
        return client

    return make


def figures(ask, client):
    """The answers of all that gives figures."""
    asked = [ask("funnel", FUNNEL, client), ask("retention", RETENTION, client)]
    return [*asked, *(client.get(f"/api/v1/{name}/") for name in ("segments", "cohorts"))]


def test_staff_who_may_see_people_read_by_session(ask, staff_in):
    assert {answer.status_code for answer in figures(ask, staff_in("People"))} == {200}


@pytest.mark.parametrize("groups", [(), ("Aggregate figures",), ("Money",)], ids=" ".join)
def test_the_exact_figures_are_not_for_staff_from_whom_the_dashboard_hides_small_ones(ask, staff_in, groups):
    for answer in figures(ask, staff_in(*groups)):
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        assert "figures are exact" in answer.json()["message"]


def test_a_session_needs_the_token_against_forged_requests(declared, django_user_model):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("admin@growth.example"))

    answer = client.post("/api/v1/reports/funnel/", FUNNEL, content_type="application/json")

    assert answer.status_code == 403


def test_groups_keep_the_type_of_their_value(ask, happened):
    values = [1, "1", 1.5, True, "true", False, None]
    happened(*[(f"u{index}", "a", 0, {"value": value}) for index, value in enumerate(values)])
    question = FUNNEL | {"steps": [{"event": "step.a"}], "breakdown": {"property": "value"}}

    groups = ask("funnel", question).json()["groups"]

    assert sorted(repr(group["value"]) for group in groups) == sorted(repr(value) for value in values)


def test_a_question_that_cannot_be_read_into_one_is_no_serializer():
    with pytest.raises(TypeError, match="abstract"):
        AskedSerializer()  # type: ignore[abstract]


def test_flagged_people_and_staff_are_left_out_only_when_asked(ask, happened):
    happened(("bot", "a", 0), ("boss", "a", 0), ("ann", "a", 0))
    Person.objects.called("bot").update(kept_out="bot")
    boss = User.objects.create_user("boss@growth.example", is_staff=True)
    Person.objects.called("boss").update(account=boss)

    def entered(**choice):
        return ask("funnel", FUNNEL | choice).json()["entered"]

    assert entered() == entered(reported_only=False) == 3
    assert entered(reported_only=True) == 1
