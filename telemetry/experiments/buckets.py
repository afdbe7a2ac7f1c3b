"""Which arm a unit falls into: arithmetic alone, the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate

#: A bucket is a whole number from 0 to below this.
BUCKETS = 2**64


def bucket(salt: str, unit: str) -> int:
    """Where a unit stands under a salt: the first 64 bits of SHA-256 of `salt:unit`, the highest first.

    A salt of its own makes an experiment independent of all others.
    """
    return int.from_bytes(sha256(f"{salt}:{unit}".encode()).digest()[:8], "big")


def chosen(position: int, weights: Sequence[int]) -> int:
    """The index of the arm in whose part of the whole a bucket lies; the parts follow each other.

    Whole numbers throughout, so that no part has a rounded edge. `ValueError` when nothing has any weight.
    """
    total = sum(weights)
    if total <= 0:
        raise ValueError("No arm has any weight.")
    edges = accumulate(weights)
    return next(index for index, edge in enumerate(edges) if position * total < edge * BUCKETS)
