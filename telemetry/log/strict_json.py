"""JSON from outside: read strictly, and kept within bounds.

The parser refuses other encodings, NaN, overflowing numbers, lone surrogates and control characters by
itself; what it lets through (duplicate keys, endless nesting, NUL) is looked for here.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from django.utils.translation import gettext as _

MAX_DEPTH = 8
MAX_KEYS = 64
MAX_KEY_LENGTH = 128
MAX_BYTES = 32 * 1024
MAX_INTEGER = 2**63 - 1
MIN_INTEGER = -(2**63)

ESCAPED = re.compile(rb"\\.", re.DOTALL)


class Unreadable(ValueError):
    """The text as a whole cannot be read; `code` is for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def read(body: bytes) -> Any:
    """What the text says; `Unreadable` when it is no strict JSON in UTF-8."""
    if not body.strip():
        raise Unreadable("empty_body", _("The body is empty."))
    try:
        body.decode()
        value = msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        raise Unreadable("not_utf8", _("The body is not UTF-8.")) from error
    except RecursionError as error:
        raise Unreadable("too_deep", _("The body is nested too deeply.")) from error
    except msgspec.DecodeError as error:
        raise Unreadable("not_json", _("The body is not strict JSON.")) from error
    if strings_in(body) != strings_in(msgspec.json.encode(value)):
        raise Unreadable("duplicate_keys", _("An object has the same key twice."))
    return value


def strings_in(text: bytes) -> int:
    """How many quotes open or close a string in valid JSON.

    Reading drops all but the last of equal keys and adds nothing, so that fewer strings after reading
    and writing again mean that a key came twice: far cheaper than a Python call for every object.
    """
    return (ESCAPED.sub(b"", text) if b"\\" in text else text).count(b'"')


def fault_of(value: object, *, most_keys: int = MAX_KEYS) -> str:
    """Why free JSON is refused; empty when it keeps `most_keys` and the bounds at this module's head."""
    keys, level = 0, [value]
    for depth in range(MAX_DEPTH + 1):
        deeper: list[object] = []
        for node in level:
            if isinstance(node, (dict, list)) and depth == MAX_DEPTH:
                return _("is nested more than %(most)s levels deep") % {"most": MAX_DEPTH}
            if isinstance(node, dict):
                keys += len(node)
                deeper.extend(node.values())
                if fault := fault_of_keys(node, keys, most_keys):
                    return fault
            elif isinstance(node, list):
                deeper.extend(node)
            elif fault := fault_of_scalar(node):
                return fault
        level = deeper
    return fault_of_size(value)


def fault_of_keys(node: dict[str, object], keys: int, most: int) -> str:
    """Why an object's keys are refused, `keys` being all that were met so far."""
    if keys > most:
        return _("has more than %(most)s keys") % {"most": most}
    for key in node:
        if len(key) > MAX_KEY_LENGTH:
            return _("has a key of more than %(most)s characters") % {"most": MAX_KEY_LENGTH}
        if "\0" in key:
            return _("holds a NUL character")
    return ""


def fault_of_scalar(value: object) -> str:
    """Why a string or a number is refused."""
    if isinstance(value, str):
        return _("holds a NUL character") if "\0" in value else ""
    if isinstance(value, int) and not MIN_INTEGER <= value <= MAX_INTEGER:
        return _("holds an integer of more than 64 bits")
    return ""


def fault_of_size(value: object) -> str:
    """Whether the text is too long when written compactly."""
    if len(msgspec.json.encode(value)) > MAX_BYTES:
        return _("takes more than %(most)s bytes") % {"most": MAX_BYTES}
    return ""
