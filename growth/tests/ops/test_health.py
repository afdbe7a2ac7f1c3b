"""Whether it lives, whether it is ready, and what a database in trouble looks like from outside."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.utils import timezone

from growth import health
from telemetry.models import Heartbeat


@pytest.fixture
def broken(monkeypatch):
    """Every statement meets a database that is away."""

    def refuse(*_args):
        raise OperationalError("connection to 10.0.0.7 refused for user growth")

    def break_it():
        monkeypatch.setattr(connections["default"], "ensure_connection", refuse)
        monkeypatch.setattr(connections["default"], "_cursor", refuse)

    return break_it


@pytest.mark.django_db
def test_ready_when_all_three_hold(client):
    # Beat is expected from the migration on, which a long run of tests has minutes behind it.
    Heartbeat.objects.filter(job="operations.watch").update(expected_since=timezone.now())

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": True, "migrations": True, "beat": True},
    }


@pytest.mark.django_db
def test_not_ready_when_beat_was_not_heard_for_five_minutes(client):
    long_ago = timezone.now() - timedelta(minutes=6)
    Heartbeat.objects.filter(job="operations.watch").update(expected_since=long_ago, finished_at=long_ago)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"] == {"database": True, "migrations": True, "beat": False}


@pytest.mark.django_db
def test_not_ready_when_a_migration_is_missing(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")

    assert client.get("/readyz").json()["checks"]["migrations"] is False


@pytest.mark.django_db
def test_without_a_database_the_process_lives_and_is_not_ready(client, broken):
    broken()

    assert client.get("/healthz").json() == {"status": "ok"}
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"] == {"database": False, "migrations": False, "beat": False}
    assert b"10.0.0.7" not in response.content


@pytest.mark.django_db
def test_a_page_that_meets_database_trouble_is_answered_503(broken):
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "a" * 32
    broken()

    response = client.get("/admin/")

    assert response.status_code == 503
    assert response["Retry-After"] == "2"
    assert response.json()["code"] == "unavailable"
    assert b"10.0.0.7" not in response.content


@pytest.mark.django_db
def test_another_error_stays_a_500(monkeypatch):
    monkeypatch.setattr(health, "readiness", lambda now: 1 / 0)

    assert Client(raise_request_exception=False).get("/readyz").status_code == 500


@pytest.mark.guard
@pytest.mark.django_db
def test_without_the_middleware_trouble_is_a_500(broken, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "DatabaseTrouble" not in name]
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "a" * 32
    broken()

    assert client.get("/admin/").status_code == 500
