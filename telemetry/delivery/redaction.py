"""The last look at what leaves: whatever reads like personal data stays here.

Event classes cannot declare such fields; other programs, and people who name things, can still send them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from telemetry.log.checks import is_personal

REMOVED = "[removed]"
#: As deep as the log accepts; what is deeper was not ours.
MAX_DEPTH = 8
#: Columns of the log that people fill with names of their own.
NAMED_BY_PEOPLE = frozenset({"project"})

# Nobody's text may take long: each pattern passes over it once.
WORD = re.compile(r"[^\s<>\"'(),;]+")
CREDENTIALS = re.compile(r"\b(?:basic|bearer)\s{1,8}[\w.~+/=-]{6,}", re.IGNORECASE)
PHONE = re.compile(r"(?<!\w)(?:\+|00)\d[\d\s()./-]{6,24}\d")
END_OF_PATH = re.compile(r"[?#]")
LIKE_AN_ADDRESS = re.compile(r"[0-9a-f:.%\[\]]*[:.][0-9a-f:.%\[\]]*", re.IGNORECASE)
LONGEST_ADDRESS = 48


def redacted(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties without personal keys, at any depth, and without values that read like personal data."""
    kept = {key: value for key, value in properties.items() if key not in NAMED_BY_PEOPLE}
    found: dict[str, Any] = _cleaned(kept, MAX_DEPTH)
    return found


def scrubbed(text: str) -> str:
    """The text without mail and IP addresses, credentials, query strings and telephone numbers."""
    return _scrubbed_short(text) if len(text) <= SHORT else _scrubbed(text)


def _scrubbed(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    for pattern in (CREDENTIALS, PHONE):
        text = pattern.sub(REMOVED, text)
    return WORD.sub(lambda word: _scrubbed_word(word[0]), text)


#: Short texts come again and again: sources, routes, browsers.
SHORT = 48
_scrubbed_short = lru_cache(maxsize=4096)(_scrubbed)


@lru_cache(maxsize=4096)
def _may_leave(key: str) -> bool:
    """Whether a key names nothing personal, and is nothing personal itself; few keys come again and again."""
    return not is_personal(key) and scrubbed(key) == key


def _scrubbed_word(word: str) -> str:
    path_ends = END_OF_PATH.search(word)
    if path_ends is not None and ("/" in word[: path_ends.start()] or "=" in word):
        word = word[: path_ends.start()] or REMOVED
    if "@" in word.strip("@") or "%40" in word or ("eyJ" in word and "." in word):
        return REMOVED
    return REMOVED if _is_address(word.strip(".[]")) else word


def _is_address(text: str) -> bool:
    """Whether it is an IP address, with a port or without; a time of day is none."""
    if len(text) > LONGEST_ADDRESS or not LIKE_AN_ADDRESS.fullmatch(text):
        return False
    for candidate in (text, text.rpartition(":")[0].rstrip("]")):
        try:
            ip_address(candidate)
        except ValueError:
            continue
        return True
    return False


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return scrubbed(value)
    if isinstance(value, Mapping):
        if depth == 0:
            return {}
        return {key: _cleaned(item, depth - 1) for key, item in value.items() if _may_leave(key)}
    if isinstance(value, list | tuple):
        return [_cleaned(item, depth - 1) for item in value] if depth else []
    return value
