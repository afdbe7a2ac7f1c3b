"""What docker-compose.yml and the Dockerfile say, as far as it can be read without Docker."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
import yaml
from celery.bin.celery import celery
from django.conf import settings
from django.core.management import call_command, get_commands, load_command_class
from django_celery_beat.models import PeriodicTask

from growth.tests.ops.test_settings import read_by_settings

COMPOSE = yaml.safe_load((settings.BASE_DIR / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (settings.BASE_DIR / "Dockerfile").read_text()
OURS = ("migrate", "web", "worker", "beat")


def known(command):
    """Whether manage.py or Celery knows the command and each of its options."""
    program, *rest = command
    if program == "python":
        _manage, name, *arguments = rest
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        return parser.parse_args(arguments) is not None  # an unknown option raises
    app, value, name, *arguments = rest
    options = {option for parameter in celery.commands[name].params for option in parameter.opts}
    said = {argument for argument in arguments if argument.startswith("-")}
    return (program, app, value) == ("celery", "--app", "growth") and said <= options


def test_the_services_are_these():
    assert set(SERVICES) == {"db", "redis", *OURS}


@pytest.mark.parametrize("service", ["db", "redis", "web", "worker", "beat"])
def test_whatever_stays_up_is_asked_whether_it_is_well(service):
    assert SERVICES[service]["healthcheck"]["test"]


def test_ours_are_one_image_and_share_what_is_not_their_own():
    shared, own = COMPOSE["x-app"], {"environment", "depends_on", "restart"}

    for name in OURS:
        service = SERVICES[name]
        assert {key: service[key] for key in shared.keys() - own} == {
            key: shared[key] for key in shared.keys() - own
        }
        assert service["environment"].items() >= shared["environment"].items()
        assert service["depends_on"].items() <= shared["depends_on"].items()
    assert shared["cap_drop"] == ["ALL"]


def test_every_setting_that_they_are_given_is_one():
    assert {name for service in OURS for name in SERVICES[service]["environment"]} <= read_by_settings()


@pytest.mark.parametrize("service", OURS)
def test_their_commands_are_known(service):
    assert known(SERVICES[service]["command"])


def test_the_image_does_not_run_as_root_and_starts_the_web():
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    (command,) = re.findall(r"^CMD (.+)", DOCKERFILE, re.MULTILINE)

    assert users == ["growth"]
    assert "useradd --system --uid 10001" in DOCKERFILE
    assert known(json.loads(command))
    assert json.loads(command) == SERVICES["web"]["command"]


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "well"), [(5, True), (7, False)])
def test_beat_is_well_while_it_writes_down_what_it_called(minutes, well, now):
    PeriodicTask.objects.update(last_run_at=now - timedelta(minutes=minutes))
    _cmd, _python, _manage, command, *arguments = SERVICES["beat"]["healthcheck"]["test"]

    with time_machine.travel(now, tick=False), pytest.raises(SystemExit) as verdict:
        call_command(command, *arguments)

    assert bool(verdict.value.code) is not well
