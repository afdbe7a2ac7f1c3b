"""Off there is nothing, on it works or says at once what it lacks."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from django.conf import settings

FROM_WEB_AND_WORKER = """
import sys
import growth.wsgi
from django.test import Client
from celery.signals import worker_init
from growth.celery import app
worker_init.send(sender=app)
Client(headers={"host": "localhost"}).get("/healthz")
# The SDK itself is also loaded by redis-py wherever it is installed, and idle there.
print([name for name in ("growth.tracing", "opentelemetry.exporter.otlp") if name in sys.modules])
"""


def run(tmp_path, program, *options, **environment):
    """What an own interpreter says, with a data folder of its own."""
    clean = {
        "PATH": os.environ["PATH"],
        "GROWTH_DATA": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "growth.settings",
    }
    return subprocess.run(
        [sys.executable, *options, "-c", program],
        env=clean | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("switch", ["", "off"])
def test_off_loads_no_exporter_and_calls_nobody(tmp_path, collector, switch):
    done = run(tmp_path, FROM_WEB_AND_WORKER, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, GROWTH_TRACES=switch)

    assert done.stdout.strip() == "[]", done.stderr
    assert collector.calls == 0


@pytest.mark.slow
def test_on_loads_it_and_the_last_request_is_sent_at_the_end(tmp_path, collector):
    done = run(tmp_path, FROM_WEB_AND_WORKER, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, GROWTH_TRACES="on")

    assert done.stdout.strip() == "['growth.tracing', 'opentelemetry.exporter.otlp']", done.stderr
    assert [span.name for span in collector.spans()] == ["GET /healthz"]


@pytest.mark.slow
def test_a_collector_that_is_away_fails_no_request(tmp_path):
    program = FROM_WEB_AND_WORKER + (
        'print(Client(headers={"host": "localhost"}).get("/healthz").status_code)\n'
    )
    done = run(
        tmp_path,
        program,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
        GROWTH_TRACES="on",
    )

    assert done.returncode == 0
    assert done.stdout.split()[-1] == "200"


def test_without_its_packages_it_says_what_to_install(tmp_path):
    installed = tmp_path / "installed"
    installed.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith("opentelemetry_exporter_otlp_proto_http"):
            (installed / entry.name).symlink_to(entry)

    done = run(tmp_path, "import growth.settings", "-S", PYTHONPATH=f"{installed}:.", GROWTH_TRACES="on")

    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: GROWTH_TRACES=on needs what requirements/traces.txt "
        "names, and it is not installed: pip install --require-hashes -r requirements/traces.txt."
    )
