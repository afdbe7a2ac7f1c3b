"""A pair of keys, a shared secret, and this installation."""

import hmac
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from donations.keys import this_system_id
from telemetry.tests.operations.conftest import in_parallel  # noqa: F401 - a fixture

SECRET = "a secret that both sides know"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def private_pem(key):
    """A private key, as it is kept."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key):
    """Its public half, as it is published."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


private = Ed25519PrivateKey.generate()
PRIVATE, PUBLIC = private_pem(private), public_pem(private)


def signed(system_id, by=private):
    """A key as whoever holds the private key writes it."""
    return b64encode(by.sign(system_id.encode())).decode()


def sealed(system_id, secret=SECRET):
    """A key as whoever shares the secret writes it."""
    return hmac.new(secret.encode(), system_id.encode(), sha256).hexdigest()


@pytest.fixture(autouse=True)
def verifier(settings):
    """This installation knows the public key, and no secret."""
    settings.SUPPORT_KEY_PUBLIC = PUBLIC
    settings.SUPPORT_KEY_PRIVATE = settings.SUPPORT_KEY_SECRET = ""


@pytest.fixture
def system_id(db):
    return this_system_id(NOON)
