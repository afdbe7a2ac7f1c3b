"""What the environment may say, and what is frozen."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from growth.celery import app

ROOT = Path(settings.BASE_DIR)


def read_by_settings():
    """The variables that the settings module reads."""
    text = (ROOT / "growth/settings.py").read_text()
    return set(re.findall(r'(?:setting\(\s*|environ\.get\(\s*|env\(\s*)"([A-Z_]+)"', text))


def told_by_the_example():
    """The variables that .env.example names, commented out or not."""
    return set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


#: Read by docker-compose.yml alone.
OF_COMPOSE = {"POSTGRES_PASSWORD"}


def test_the_example_lists_every_variable_and_no_other():
    assert told_by_the_example() - OF_COMPOSE == read_by_settings()


def test_the_operations_guide_lists_every_variable():
    rows = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/operations.md").read_text(), re.MULTILINE))

    assert rows - OF_COMPOSE == read_by_settings()


def test_nothing_else_reads_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for app_folder in ("growth", "telemetry", "donations", "referrals")
        for path in (ROOT / app_folder).rglob("*.py")
        if re.search(r"environ(\.get\(|\[)|getenv", path.read_text()) and "tests" not in path.parts
    }

    assert readers <= {"growth/environment.py", "growth/settings.py"}


def run(tmp_path, program, **environment):
    """What an own interpreter says, with a data folder of its own."""
    clean = {
        "PATH": os.environ["PATH"],
        "GROWTH_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "growth.settings",
    }
    return subprocess.run(
        [sys.executable, "-c", program],
        env=clean | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def start(tmp_path, **environment):
    """What an own interpreter says when it loads the settings in that environment."""
    program = (
        "from growth import settings as s; import json;"
        "print(json.dumps([s.EMBEDDED, s.DATABASES['default'].get('OPTIONS', {}).get('options'),"
        " s.CELERY_BROKER_URL, s.EMAIL_BACKEND, s.CELERY_BROKER_TRANSPORT_OPTIONS]))"
    )
    if environment.pop("as_web", False):
        program = "import growth.wsgi;" + program
    return run(tmp_path, program, **environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "growth.example"),
        ("SITE_URL", "https://growth.example/path"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "http://x"),
        ("DEBUG", "perhaps"),
        ("PORT", "0"),
        ("PORT", "http"),
        ("GROWTH_TIME_ZONE", "Mars/Olympus"),
        ("TRUSTED_PROXIES", "-1"),
        ("EVENT_RETENTION_MONTHS", "0"),
        ("TELEMETRY_CONSENT", "perhaps"),
        ("ALERT_EMAILS", "nobody"),
        ("EMAIL_URL", "https://mail"),
    ],
)
@pytest.mark.slow  # an interpreter for each
def test_a_bad_value_stops_the_start_with_its_name(tmp_path, name, value):
    result = start(tmp_path, **{name: value})

    assert result.returncode != 0
    assert re.search(rf"ImproperlyConfigured: {name} accepts .+\.$", result.stderr.strip())


def test_production_refuses_to_start_without_a_key(tmp_path):
    assert "SECRET_KEY accepts" in start(tmp_path, SITE_URL="https://growth.example").stderr


def test_the_embedded_default_needs_no_server(tmp_path):
    out = start(tmp_path).stdout

    assert out.startswith('[true, null, "filesystem://')
    assert "growth.mail.WrittenDown" in out
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "broker/messages").is_dir()


PRODUCTION = {
    "SITE_URL": "https://growth.example",
    "SECRET_KEY": "k" * 60,
    "DATABASE_URL": "postgres://growth@127.0.0.1:5432/growth",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "EMAIL_URL": "smtp+tls://user:pass@mail.example:587",
}


def forms_may_go_to(tmp_path, **environment):
    """Where the policy lets a form's redirect end."""
    program = (
        "from growth.settings import CONTENT_SECURITY_POLICY as policy;"
        "print(*policy['DIRECTIVES']['form-action'])"
    )
    return run(tmp_path, program, **environment).stdout.split()


def test_with_a_key_and_only_then_a_form_may_go_on_at_stripe(tmp_path):
    ours = forms_may_go_to(tmp_path)
    with_key = forms_may_go_to(tmp_path, STRIPE_SECRET_KEY="sk_test_1")

    assert ours == ["'self'"]
    assert with_key == [*ours, "https://checkout.stripe.com", "https://billing.stripe.com"]


@pytest.mark.parametrize(
    ("said", "minimum", "cap"),
    [({}, 500, 12), ({"SUPPORT_MEMBERSHIP_PRICE": "900"}, 900, 12), ({"REFERRAL_MINIMUM": "100"}, 100, 12)],
    ids=["nothing", "price", "minimum"],
)
def test_a_reward_takes_the_price_of_a_month_and_a_year_has_twelve(tmp_path, said, minimum, cap):
    program = "from growth import settings as s; print(s.REFERRAL_MINIMUM, s.REFERRAL_YEARLY_CAP)"

    assert run(tmp_path, program, **said).stdout.split() == [str(minimum), str(cap)]


def test_in_production_workers_may_take_their_time_and_pages_may_not(tmp_path):
    worker, web = start(tmp_path, **PRODUCTION).stdout, start(tmp_path, as_web=True, **PRODUCTION).stdout

    for out in (worker, web):
        assert "-c lock_timeout=2s -c idle_in_transaction_session_timeout=30s" in out
    assert "statement_timeout=5s" in web
    assert "statement_timeout" not in worker


def test_sqlite_has_a_log_ahead_and_writers_that_wait_for_each_other(tmp_path):
    """What the embedded default needs, so that web, worker and beat meet no lock."""
    program = (
        "from django.db import connection as one\n"
        "def says(name): return one.cursor().execute(f'PRAGMA {name}').fetchone()[0]\n"
        "print(says('journal_mode'), says('synchronous'), says('busy_timeout'), one.transaction_mode)"
    )

    assert run(tmp_path, program).stdout.split() == ["wal", "2", "20000", "IMMEDIATE"]


def test_a_connection_to_postgresql_is_looked_at_before_it_serves_again(tmp_path):
    program = "from growth import settings as s; print(s.DATABASES['default']['CONN_HEALTH_CHECKS'])"

    assert run(tmp_path, program, **PRODUCTION).stdout.strip() == "True"


def test_the_broker_in_production_is_redis_with_these_options(tmp_path):
    out = start(tmp_path, **PRODUCTION).stdout

    assert '"redis://127.0.0.1:6379/0"' in out
    assert (
        '{"visibility_timeout": 900, "unacked_restore_interval": 5, "unacked_restore_throttle": 1,'
        ' "socket_timeout": 10, "socket_connect_timeout": 3, "health_check_interval": 15}'
    ) in out
    assert "django.core.mail.backends.smtp.EmailBackend" in out


def test_a_mail_server_that_is_silent_is_waited_for_five_seconds():
    assert settings.EMAIL_TIMEOUT == 5


def test_what_celery_must_do_is_frozen():
    conf = app.conf

    assert conf.task_acks_late is True
    assert conf.task_reject_on_worker_lost is True
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_ignore_result is True
    assert (conf.task_time_limit, conf.task_soft_time_limit) == (300, 270)
    assert conf.accept_content == ["json"]
    assert conf.task_serializer == "json"
    assert conf.task_publish_retry_policy == {
        "max_retries": 1,
        "interval_start": 0.2,
        "interval_step": 0,
        "interval_max": 0.2,
    }
    assert conf.result_backend is None
    assert conf.beat_scheduler == "django_celery_beat.schedulers:DatabaseScheduler"


def test_beat_publishes_with_that_policy(tmp_path):
    """The way beat sends: with retries, as the policy says."""
    program = (
        "from growth.celery import app; import os;"
        "app.loader.import_default_modules();"
        "app.tasks['growth.tasks.watch'].apply_async();"
        "print(len(os.listdir(app.conf.broker_transport_options['data_folder_out'])))"
    )

    assert run(tmp_path, "import django; django.setup();" + program).stdout.strip() == "1"
