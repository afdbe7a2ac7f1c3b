"""An event's identity: the digest of the key that its sender gave."""

from hashlib import blake2b
from secrets import token_bytes

DIGEST_BYTES = 16


def digest(key: str) -> bytes:
    """The 16 bytes by which the log knows a key; equal keys of one origin are one event."""
    return blake2b(key.encode(), digest_size=DIGEST_BYTES).digest()


def random_digest() -> bytes:
    """An identity for an event that is told only once."""
    return token_bytes(DIGEST_BYTES)
