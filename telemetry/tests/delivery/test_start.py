"""Twenty processes start together: one identity, one first sign of life."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from telemetry.delivery.models import Delivery, Installation
from telemetry.tests.invariants import assert_invariants

START = """
import os, sys
import django
django.setup()
from django.db import connection, connections
from django.utils import timezone
from telemetry.delivery.installation import queue_first_seen
go, start = os.pipe()
children = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        os.close(start)
        os.read(go, 1)  # until the parent lets go
        try:
            queue_first_seen(timezone.now())
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    children.append(child)
os.close(start)
sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_processes_that_start_together_make_one_identity_and_one_first_seen(tmp_path):
    name = connection.settings_dict["NAME"]
    url = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        values = connection.settings_dict
        url = f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{name}"
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "growth.settings",
        "GROWTH_DATA": str(tmp_path),
        "DATABASE_URL": url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-c", START],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert Installation.objects.count() == 1
    assert Delivery.objects.get().name == "base_telemetry.first_seen"
    assert_invariants(timezone.now())
