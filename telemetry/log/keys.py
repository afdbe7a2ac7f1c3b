"""Keys: a program's way in. Only a digest of the secret is kept, so that it can be shown just once."""

from __future__ import annotations

import secrets
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, NamedTuple

from django.db import models

if TYPE_CHECKING:
    from telemetry.log.models import ApiKey

RANDOM_BYTES = 32
PREFIX_LENGTH = 8


class Issued(NamedTuple):
    """A key and its secret, which nobody can read again."""

    key: ApiKey
    secret: str


class Secret(NamedTuple):
    """A secret, and what is kept of it."""

    text: str
    prefix: str
    digest: bytes


def new_secret(scope: str) -> Secret:
    """`growth_<scope>_<random>`: 256 random bits, recognisable to people and to secret scanners."""
    random = secrets.token_urlsafe(RANDOM_BYTES)
    text = f"growth_{scope}_{random}"
    return Secret(text, random[:PREFIX_LENGTH], digest_of(text))


def digest_of(secret: str) -> bytes:
    """What is kept of a secret; its entropy makes salt and stretching needless."""
    return sha256(secret.encode()).digest()


class ApiKeyQuerySet(models.QuerySet["ApiKey", "ApiKey"]):
    """How keys come to be, and who holds one."""

    def issue(self, name: str, scope: str, *, may_state_facts: bool = False) -> Issued:
        """A new key and its secret."""
        secret = new_secret(scope)
        key = self.create(
            name=name,
            scope=scope,
            may_state_facts=may_state_facts,
            prefix=secret.prefix,
            digest=secret.digest,
        )
        return Issued(key, secret.text)

    def opened_by(self, secret: str) -> ApiKey | None:
        """The key of a secret; None for an unknown or a revoked one. One indexed query, nothing cached."""
        digest = digest_of(secret)
        key = self.filter(digest=digest, revoked_at=None).first()
        return key if key is not None and compare_digest(bytes(key.digest), digest) else None
