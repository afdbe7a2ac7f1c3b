"""What a code looks like, how one is drawn, and what a typed one means."""

from __future__ import annotations

import secrets
import string

#: 31 characters that nobody mistakes for another: no 0 and O, no 1, I and L.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH = 8

#: What people and mail programs put between the characters: space, no-break space, dash, underscore, dot,
#: and what has no width.
SEPARATORS = " \u00a0-_.\u200b\u200c\u200d\u2060\ufeff"
#: Longer than a code with separators all over it: nobody typed that.
LONGEST = 64

_MEANT = str.maketrans(string.ascii_lowercase, string.ascii_uppercase, SEPARATORS)


def draw() -> str:
    """A code by chance: one of 31⁸, about 8.5 · 10¹¹."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normalised(raw: str | None) -> str | None:
    """The code that `raw` means; None when it means none.

    Only separators are dropped and only ASCII letters raised. Whoever drops every strange character turns
    a stranger's typing into somebody's code.
    """
    if raw is None or len(raw) > LONGEST:
        return None
    code = raw.strip().translate(_MEANT)
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None
