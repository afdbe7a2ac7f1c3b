"""The settings of a production, as another process reads them."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

PRODUCTION = {
    "SITE_URL": "https://growth.example",
    "SECRET_KEY": "a-key-for-tests-of-0123456789-and-more-ZYXWVUTSRQPONMLKJIHGFEDCBA",
    "TRUSTED_PROXIES": "1",
}

QUESTIONS = """
import django, json
django.setup()
from django.conf import settings
from django.test import Client
print(json.dumps({
    "second_factor": settings.STAFF_NEED_SECOND_FACTOR,
    "secure": [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SECURE_SSL_REDIRECT],
    "hosts": settings.ALLOWED_HOSTS,
    "plain": Client(headers={"host": "growth.example"}).get("/accounts/login/").headers["Location"],
}))
"""


def run(tmp_path, *command, **changes):
    environment = os.environ | PRODUCTION | {"GROWTH_DATA": str(tmp_path), "DATABASE_URL": ""} | changes
    environment["DJANGO_SETTINGS_MODULE"] = "growth.settings"
    return subprocess.run(
        [sys.executable, *command], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
def test_production_passes_djangos_deployment_checks(tmp_path):
    checked = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
def test_production_wants_tls_and_a_second_factor(tmp_path):
    answered = run(tmp_path, "-c", QUESTIONS)

    assert json.loads(answered.stdout) == {
        "second_factor": True,
        "secure": [True, True, True],
        "hosts": ["growth.example"],
        "plain": "https://growth.example/accounts/login/",
    }


@pytest.mark.slow
def test_production_does_not_start_without_a_key(tmp_path):
    refused = run(tmp_path, "manage.py", "check", SECRET_KEY="")

    assert refused.returncode != 0
    assert "SECRET_KEY accepts" in refused.stderr
