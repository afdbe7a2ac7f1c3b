"""The OpenAPI document tells the truth: whatever it allows or forbids, the answers are those it names."""

import json

import pytest
import schemathesis
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings

from telemetry.log.models import ApiKey

INGEST = ("/api/v1/events/", "/api/v1/people/{user}/")
OPERATIONS = [
    "POST /api/v1/events/",
    "PUT /api/v1/people/{user}/",
    "DELETE /api/v1/people/{user}/",
    "GET /api/v1/people/{user}/segment/",
    "GET /api/v1/segments/",
    "GET /api/v1/cohorts/",
    "POST /api/v1/reports/funnel/",
    "POST /api/v1/reports/retention/",
    "POST /api/v1/reports/lifecycle/",
]


@pytest.fixture
def operations(live_server):
    """Every operation of the document, by its label."""
    schema = schemathesis.openapi.from_url(f"{live_server.url}/api/schema/?format=json")
    found = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
    return {operation.label: operation for operation in found}


def test_the_document_is_made_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_every_operation_says_in_a_line_what_it_is_for(client):
    document = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).content
    paths = json.loads(document)["paths"]
    told = [operation for methods in paths.values() for operation in methods.values()]

    assert len(told) == len(OPERATIONS)
    assert all(operation["summary"] for operation in told)
    assert len({operation["summary"] for operation in told}) == len(OPERATIONS)
    assert {tag for operation in told for tag in operation["tags"]} == {
        "events",
        "people",
        "reports",
        "segments",
    }


@pytest.mark.slow
def test_every_operation_is_tried(operations):
    assert sorted(operations) == sorted(OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_the_document_names(operations, label):
    operation = operations[label]
    scope = ApiKey.Scope.INGEST if operation.path in INGEST else ApiKey.Scope.READ
    issued = ApiKey.objects.issue("schema", scope, may_state_facts=scope == ApiKey.Scope.INGEST)

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def answers(case):
        # What only the database knows (declared events, ranges) no document can say.
        case.call_and_validate(
            headers={"Authorization": f"Bearer {issued.secret}"},
            excluded_checks=[schemathesis.checks.CHECKS.get_one("positive_data_acceptance")],
        )

    answers()
