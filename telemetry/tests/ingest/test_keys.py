"""Keys and their secrets."""

from __future__ import annotations

from hashlib import sha256

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.utils import timezone

from telemetry.log.models import ApiKey

pytestmark = pytest.mark.django_db


def test_only_a_digest_of_the_secret_is_kept():
    key, secret = ApiKey.objects.issue("a program", "ingest")

    kept = ApiKey.objects.values().get()
    assert secret.startswith("growth_ingest_")
    assert len(secret) >= 50
    assert bytes(kept["digest"]) == sha256(secret.encode()).digest()
    assert secret not in str(kept)
    assert ApiKey.objects.opened_by(secret) == key


def test_a_rotated_key_has_a_new_secret_and_the_old_one_opens_nothing():
    key, old = ApiKey.objects.issue("a program", "ingest")

    new = key.rotate()

    assert new is not None
    assert ApiKey.objects.opened_by(new) == key
    assert ApiKey.objects.opened_by(old) is None


def test_a_key_is_revoked_once_and_for_good():
    key, secret = ApiKey.objects.issue("a program", "read")

    assert [key.revoke(timezone.now()), key.revoke(timezone.now())] == [True, False]
    assert ApiKey.objects.opened_by(secret) is None
    assert key.rotate() is None


def test_the_database_refuses_a_second_key_of_one_secret():
    key, _secret = ApiKey.objects.issue("a program", "ingest")

    with pytest.raises(IntegrityError):
        ApiKey.objects.create(name="a copy", scope="ingest", prefix=key.prefix, digest=key.digest)


def test_create_key_prints_the_secret_alone_on_stdout(capsys):
    call_command("create_key", "the shop", "--scope", "ingest", "--facts")

    (secret,) = capsys.readouterr().out.splitlines()
    key = ApiKey.objects.get()
    assert ApiKey.objects.opened_by(secret) == key
    assert (key.name, key.scope, key.may_state_facts) == ("the shop", "ingest", True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["", "--scope", "read"],
        ["x" * 65, "--scope", "read"],
        ["a\nb", "--scope", "read"],
        ["a", "--scope", "all"],
        ["a", "--scope", "read", "--facts"],
        ["a"],
    ],
)
def test_create_key_refuses_what_no_key_can_be(arguments):
    with pytest.raises(CommandError):
        call_command("create_key", *arguments)

    assert not ApiKey.objects.exists()
