"""What a line of the log holds, and what it never does."""

import io
import logging

import pytest
from django.core import mail
from django.core.mail import get_connection
from django.test import Client

from growth import health
from growth.logs import ButIntendedThreads, Line

SECRET = "s3cr3t-ada@example.org"


@pytest.fixture
def lines():
    """The log as the stream has it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream.getvalue
    root.removeHandler(handler)


def test_a_line_says_when_who_what_and_details(lines):
    logging.getLogger("growth.x").warning("it happened", extra={"row": "a.b:7"})

    at, *rest = lines().strip().split(" ")
    assert at.endswith("+00:00")
    assert rest == ["WARNING", "growth.x", "it", "happened", "row=a.b:7"]


def test_an_exception_is_its_class_and_place_without_its_text(lines):
    try:
        raise LookupError(SECRET)
    except LookupError:
        logging.getLogger("growth.x").exception("it failed")

    assert SECRET not in lines()
    assert "error=LookupError" in lines()
    assert "test_logs.py" in lines()


def test_a_line_stays_one_line(lines):
    logging.getLogger("growth.x").warning("a\r\nb")

    assert lines().endswith("a\\r\\nb\n")


@pytest.mark.django_db
def test_a_failed_request_leaves_no_address_token_body_or_query(lines, monkeypatch):
    def fail(now):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(health, "readiness", fail)
    client = Client(raise_request_exception=False)
    client.get("/readyz", {"token": SECRET}, headers={"Authorization": SECRET, "Cookie": f"a={SECRET}"})
    client.get(f"/{SECRET}/")
    client.get(f"/staff-login/{SECRET}/")
    client.get("/healthz", headers={"Host": SECRET})
    client.post("/admin/login/", {"email": SECRET})

    assert "route=GET:readyz" in lines()
    assert "RuntimeError" in lines()
    assert SECRET not in lines()


def test_a_failed_task_leaves_its_name(lines):
    details = {"name": "growth.tasks.watch", "id": "1", "exc": SECRET, "traceback": SECRET}
    logging.getLogger("celery.app.trace").error("Task %(name)s: %(exc)s", details, extra={"data": details})

    assert "task=growth.tasks.watch" in lines()
    assert SECRET not in lines()


def test_embedded_mail_is_a_file_of_its_own_and_the_log_names_the_file_alone(settings, tmp_path, lines):
    settings.MAIL_FOLDER = tmp_path / "mail"
    logging.getLogger("growth.mail").setLevel(logging.INFO)

    message = mail.EmailMessage("Your code", f"It is {SECRET}", to=["ada@example.org"])
    assert get_connection("growth.mail.WrittenDown").send_messages([message, message]) == 2

    files = sorted(settings.MAIL_FOLDER.glob("*.eml"))
    assert len(files) == 2
    assert SECRET in files[0].read_text()
    assert str(files[0]) in lines()
    assert SECRET not in lines()
    assert "ada@example.org" not in lines()


def test_of_the_web_server_s_lines_the_doubt_about_the_threads_alone_is_left_out(lines):
    granian = logging.getLogger("_granian")
    granian.addFilter(known := ButIntendedThreads())
    granian.warning("Configuration allows spawning up to 64 Python threads, which seems quite high")
    granian.warning("Worker-1 was killed")
    granian.removeFilter(known)

    assert [line.split(" ", 3)[3] for line in lines().splitlines()] == ["Worker-1 was killed"]
