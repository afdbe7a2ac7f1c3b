"""What the environment may say of the sink and the layers."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings as these

from growth.environment import authorization, headers

SHOW = (
    "from growth import settings as s; import json; print(json.dumps([s.TELEMETRY_SINK,"
    " s.TELEMETRY_SINK_HEADERS, s.TELEMETRY_SINK_PROTOCOL, s.TELEMETRY_DISABLED, s.TELEMETRY_DETAILED]))"
)


def start(tmp_path, **environment):
    """What an own interpreter says when it loads the settings in that environment."""
    clean = {"PATH": os.environ["PATH"], "GROWTH_DATA": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        env=clean | environment,
        cwd=these.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEMETRY_DISABLED", "perhaps"),
        ("TELEMETRY_DETAILED", "1"),
        ("TELEMETRY_DETAILED", "maybe"),
        ("TELEMETRY_QUEUE_ROWS", "0"),
        ("TELEMETRY_QUEUE_DAYS", "-1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:secret@collector"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector/?a=b"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no-value"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=b%0D%0Ac"),
        ("GRAFANA_OTLP_ENDPOINT", "ftp://collector"),
        ("GRAFANA_OTLP_TOKEN", "line\nbreak"),
    ],
)
@pytest.mark.slow  # an interpreter for each
def test_an_unknown_value_stops_the_start_with_its_name(tmp_path, name, value):
    result = start(tmp_path, **{name: value})

    assert result.returncode != 0
    assert re.search(rf"ImproperlyConfigured: {name} accepts .+\.$", result.stderr.strip())


def test_unset_means_nowhere_and_staff_decide(tmp_path):
    assert json.loads(start(tmp_path).stdout) == ["", {}, "http/protobuf", False, None]


def test_the_standard_variables(tmp_path):
    result = start(
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT="https://collector.example:4318/otlp/",
        OTEL_EXPORTER_OTLP_HEADERS="X-Scope=a%20b, Authorization=Bearer%20t",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/json",
        TELEMETRY_DISABLED="1",
        TELEMETRY_DETAILED="off",
        GRAFANA_OTLP_ENDPOINT="https://other.example",
        GRAFANA_OTLP_TOKEN="id:token",
    )

    sent = {"x-scope": "a b", "authorization": "Bearer t"}
    assert json.loads(result.stdout) == [
        "https://collector.example:4318/otlp",
        sent,
        "http/json",
        True,
        False,
    ]


def test_grafanas_names(tmp_path):
    result = start(
        tmp_path, GRAFANA_OTLP_ENDPOINT="https://grafana.example/otlp", GRAFANA_OTLP_TOKEN="7:glc_x"
    )

    assert json.loads(result.stdout)[:2] == [
        "https://grafana.example/otlp",
        {"authorization": "Basic NzpnbGNfeA=="},
    ]


@pytest.mark.parametrize(
    ("token", "header"),
    [
        ("Basic abc=", "Basic abc="),
        ("Bearer abc", "Bearer abc"),
        ("bearer abc", "bearer abc"),
        ("123:glc_x", "Basic MTIzOmdsY194"),
        ("glc_x", "Bearer glc_x"),
    ],
)
def test_what_a_token_becomes(token, header):
    assert authorization(token) == header


def test_headers_are_decoded():
    assert headers("a=b%2Cc,D=e=f") == {"a": "b,c", "d": "e=f"}
