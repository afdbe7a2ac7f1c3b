"""Supporter keys: a signature over the System ID of an installation.

Ed25519, written in base64, made by whoever holds the private key; or HMAC-SHA256, in lower-case hex, made by
whoever shares the secret. A System ID is signed as the bytes of its UTF-8.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest, digest
from typing import cast
from uuid import uuid5

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from telemetry.delivery.installation import the_installation

LONGEST_SYSTEM_ID = 128


class Method(models.TextChoices):
    """How a key was signed."""

    ED25519 = "ed25519", "Ed25519"
    HMAC = "hmac", "HMAC-SHA256"


class Refusal(models.TextChoices):
    """Why a key was not accepted, as whoever entered it reads it."""

    NO_SYSTEM_ID = "no_system_id", _("There is no System ID to check the key against.")
    NO_VERIFIER = (
        "no_verifier",
        _("This site is not set up to check keys. Nothing is wrong with yours."),
    )
    INVALID = (
        "invalid",
        _("This is not a key for this System ID. Copy all of it, just as you received it."),
    )
    DEACTIVATED = "deactivated", _("This key was deactivated. Write to whoever runs this site.")


class KeyRefused(Exception):
    """A key was not accepted; `why` says so."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why.value)
        self.why = why


def this_system_id(at: datetime) -> str:
    """The System ID of this installation.

    Derived from the id under which its telemetry is known, and one way: who sells keys learns nothing of the
    other, nor does the sink learn who bought one. `at`: when the installation was first seen, if it is now.
    """
    return str(uuid5(the_installation(at).install_id, "supporter-key"))


def as_system_id(raw: str) -> str:
    """A System ID as typed, without the spaces around it; `ValueError` for what cannot be one."""
    system_id = raw.strip()
    if len(system_id) > LONGEST_SYSTEM_ID or not re.fullmatch(r"[!-~]+", system_id):
        raise ValueError("A System ID is printable ASCII without spaces.")
    return system_id


def verify(key: str, system_id: str) -> Method:
    """How `key` is a valid signature over `system_id`; `KeyRefused` when it is none.

    Spaces and line ends, which mail puts anywhere, are left out of the key.
    """
    message = system_id.strip().encode(errors="replace")
    if not message:
        raise KeyRefused(Refusal.NO_SYSTEM_ID)
    if not can_verify():
        raise KeyRefused(Refusal.NO_VERIFIER)
    public, secret = _public_key(), settings.SUPPORT_KEY_SECRET
    stated = as_stored(key).encode(errors="replace")
    if public is not None and _is_signed(stated, message, public):
        return Method.ED25519
    if secret and compare_digest(digest(secret.encode(), message, sha256).hex().encode(), stated):
        return Method.HMAC
    raise KeyRefused(Refusal.INVALID)


def can_verify() -> bool:
    """Whether keys can be checked here."""
    return bool(settings.SUPPORT_KEY_PUBLIC or settings.SUPPORT_KEY_PRIVATE or settings.SUPPORT_KEY_SECRET)


def can_issue() -> bool:
    """Whether keys can be made here."""
    return bool(settings.SUPPORT_KEY_PRIVATE)


def sign(system_id: str) -> str:
    """The key for a System ID, by the private key; `ValueError` without one."""
    if (private := _private_key()) is None:
        raise ValueError("SUPPORT_KEY_PRIVATE is not set.")
    return b64encode(private.sign(system_id.encode())).decode()


def as_stored(key: str) -> str:
    """A key without the spaces and line ends that came with it."""
    return "".join(key.split())


def _is_signed(stated: bytes, message: bytes, public: Ed25519PublicKey) -> bool:
    """Whether `stated` is the one base64 of a signature: others would decode to the same bytes."""
    try:
        signature = b64decode(stated, validate=True)
        public.verify(signature, message)
    except (ValueError, InvalidSignature):
        return False
    return compare_digest(b64encode(signature), stated)


def _public_key() -> Ed25519PublicKey | None:
    """The stated one, else that of the private key; the settings let in no other kind."""
    if settings.SUPPORT_KEY_PUBLIC:
        return cast(Ed25519PublicKey, load_pem_public_key(settings.SUPPORT_KEY_PUBLIC.encode()))
    private = _private_key()
    return private.public_key() if private else None


def _private_key() -> Ed25519PrivateKey | None:
    if not settings.SUPPORT_KEY_PRIVATE:
        return None
    return cast(Ed25519PrivateKey, load_pem_private_key(settings.SUPPORT_KEY_PRIVATE.encode(), None))
