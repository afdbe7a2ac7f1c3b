"""A way in for staff: once, within an hour."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from growth.models import User
from growth.staff_login import link_for, redeem
from growth.tests.invariants import assert_invariants

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return User.objects.create_superuser("ada@growth.example")


def path_of(account):
    """A fresh link's path."""
    return link_for(account, timezone.now(), "")


def test_a_link_signs_in_once(client, ada):
    path = path_of(ada)

    first, second = client.get(path), Client().get(path)

    assert (first.status_code, first["Location"]) == (302, "/admin/")
    assert client.session["_auth_user_id"] == str(ada.pk)
    assert second.status_code == 403


def test_a_link_ends_after_an_hour(ada):
    path = path_of(ada)

    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert Client().get(path).status_code == 403


def test_an_older_link_ends_with_any_sign_in(ada):
    older, newer = path_of(ada), path_of(ada)

    assert Client().get(newer).status_code == 302
    assert Client().get(older).status_code == 403


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_who_is_no_staff_any_more_gets_in_nowhere(ada, change):
    path = path_of(ada)
    User.objects.update(**change)

    assert Client().get(path).status_code == 403


def test_a_forged_link_is_refused(ada):
    assert Client().get(path_of(ada)[:-3] + "x/").status_code == 403
    assert Client().get("/staff-login/nonsense/").status_code == 403


def test_the_command_prints_the_link_alone(ada, client):
    out = StringIO()
    call_command("staff_login_link", "ADA@growth.example", stdout=out)

    site, _, rest = out.getvalue().strip().partition("/staff-login/")
    assert site.startswith("http://127.0.0.1:")
    assert client.get(f"/staff-login/{rest}").status_code == 302


def test_the_command_makes_no_account():
    User.objects.create_user("eve@growth.example")

    with pytest.raises(CommandError, match="no such staff account"):
        call_command("staff_login_link", "eve@growth.example")


def uses_at_once(token):
    """How many of eight simultaneous uses got through."""
    barrier = Barrier(8)

    def use():
        try:
            connection.ensure_connection()
            barrier.wait(10)
            return redeem(token, timezone.now()) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        return sum(turn.result(30) for turn in [threads.submit(use) for _ in range(8)])


@pytest.mark.django_db(transaction=True)
def test_of_eight_uses_at_once_one_gets_through(ada):
    assert uses_at_once(path_of(ada).split("/")[2]) == 1
    assert_invariants(timezone.now())


@pytest.mark.guard
@pytest.mark.django_db(transaction=True)
def test_without_compare_and_set_several_get_through(ada, monkeypatch):
    monkeypatch.setattr("django.db.models.query.QuerySet.update", lambda *_, **__: 1)

    assert uses_at_once(path_of(ada).split("/")[2]) > 1
