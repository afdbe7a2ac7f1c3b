"""What the environment may say of supporter keys."""

import os
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from django.conf import settings as these
from django.core.exceptions import ImproperlyConfigured

from donations.keys import sign, verify
from donations.tests.keys.conftest import PRIVATE, PUBLIC, private_pem, public_pem, signed
from growth.environment import a_private_key, a_public_key, setting

READERS = {"SUPPORT_KEY_PUBLIC": a_public_key, "SUPPORT_KEY_PRIVATE": a_private_key}
of_another_kind = generate_private_key(SECP256R1())


def read(monkeypatch, name, value):
    """The setting, as the start reads it."""
    monkeypatch.setenv(name, value)
    return setting(name, READERS[name], "", "a key")


@pytest.mark.parametrize(
    "write",
    [str, lambda pem: pem.replace("\n", "\\n"), lambda pem: f"\n {pem}\n"],
    ids=["as it is", "escaped", "padded"],
)
def test_line_ends_may_be_written_in_two_letters(monkeypatch, settings, write):
    settings.SUPPORT_KEY_PUBLIC = read(monkeypatch, "SUPPORT_KEY_PUBLIC", write(PUBLIC))
    assert verify(signed("a system"), "a system")

    settings.SUPPORT_KEY_PUBLIC = ""
    settings.SUPPORT_KEY_PRIVATE = read(monkeypatch, "SUPPORT_KEY_PRIVATE", write(PRIVATE))
    assert verify(signed("a system"), "a system")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SUPPORT_KEY_PUBLIC", PRIVATE),
        ("SUPPORT_KEY_PRIVATE", PUBLIC),
        ("SUPPORT_KEY_PUBLIC", public_pem(of_another_kind)),
        ("SUPPORT_KEY_PRIVATE", private_pem(of_another_kind)),
        ("SUPPORT_KEY_PUBLIC", PUBLIC[:60]),
        ("SUPPORT_KEY_PUBLIC", "“smart quotes”"),
    ],
    # The keys are new with each process, and pytest-xdist wants names that are not.
    ids=["private", "public", "public of another kind", "private of another kind", "cut off", "no key"],
)
def test_another_key_than_belongs_there_is_refused(monkeypatch, name, value):
    with pytest.raises(ImproperlyConfigured, match=f"{name} accepts"):
        read(monkeypatch, name, value)


def test_a_private_key_where_a_public_one_belongs_stops_the_start_and_is_not_repeated(tmp_path):
    stopped = subprocess.run(
        [sys.executable, "-c", "from growth import settings"],
        env={"PATH": os.environ["PATH"], "GROWTH_DATA": str(tmp_path), "SUPPORT_KEY_PUBLIC": PRIVATE},
        cwd=these.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert stopped.returncode != 0
    assert "SUPPORT_KEY_PUBLIC accepts an Ed25519 public key, in PEM." in stopped.stderr
    assert PRIVATE.splitlines()[1] not in stopped.stderr


def private_key_at_a_start(tmp_path, **environment):
    """What an own interpreter has for the private key."""
    return subprocess.run(
        [sys.executable, "-c", "from growth import settings as s; print(s.SUPPORT_KEY_PRIVATE)"],
        env={"PATH": os.environ["PATH"], "GROWTH_DATA": str(tmp_path), **environment},
        cwd=these.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_the_development_checkout_makes_keys_of_its_own_and_nobody_else_does(tmp_path, settings):
    settings.SUPPORT_KEY_PRIVATE = made = private_key_at_a_start(tmp_path)

    assert verify(sign("a system"), "a system")
    assert private_key_at_a_start(tmp_path) == made
    assert private_key_at_a_start(tmp_path, STRIPE_SECRET_KEY="sk_test_1") == ""
    assert private_key_at_a_start(tmp_path, SUPPORT_KEY_SECRET="shared") == ""
