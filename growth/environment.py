"""How a variable of the environment is read: what it says, or why the start stops."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.core.exceptions import ImproperlyConfigured
from django.core.validators import validate_email

T = TypeVar("T")


def setting(name: str, read: Callable[[str], T], default: T, accepts: str) -> T:
    """The variable as `read` understands it; a bad value stops the start and says what is accepted."""
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        return read(raw)
    except Exception as error:
        raise ImproperlyConfigured(f"{name} accepts {accepts}.") from error


def a_switch(raw: str) -> bool:
    """`1`, `true`, `yes`, `on` or their opposites."""
    return {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }[raw.lower()]


def a_count(raw: str) -> int:
    """A whole number from zero up."""
    if (number := int(raw)) < 0:
        raise ValueError(raw)
    return number


def a_positive_count(raw: str) -> int:
    """A whole number from one up."""
    if (number := int(raw)) < 1:
        raise ValueError(raw)
    return number


def a_port(raw: str) -> int:
    """A TCP port."""
    if not 1 <= (port := int(raw)) <= 65535:
        raise ValueError(raw)
    return port


def a_folder(raw: str) -> Path:
    """A folder, made if it is not there yet."""
    folder = Path(raw).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def an_origin(raw: str) -> str:
    """`https://host[:port]` or, for trials, `http://…`; no path."""
    parts = urlsplit(raw)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(raw)
    return f"{parts.scheme}://{parts.netloc}"


def a_url(*schemes: str) -> Callable[[str], str]:
    """A URL of one of the schemes."""

    def read(raw: str) -> str:
        if urlsplit(raw).scheme not in schemes:
            raise ValueError(raw)
        return raw

    return read


def a_list(raw: str) -> list[str]:
    """Comma-separated words."""
    return [word.strip() for word in raw.split(",") if word.strip()]


def addresses(raw: str) -> list[str]:
    """Comma-separated e-mail addresses."""
    found = a_list(raw)
    for address in found:
        validate_email(address)
    return found


def one_of(*words: str) -> Callable[[str], str]:
    """One of the words."""
    return lambda raw: words[words.index(raw.lower())]


def a_lock(raw: str) -> bool:
    """`on` or `off`; anything else might lock the wrong way."""
    return {"on": True, "off": False}[raw.lower()]


def a_sink(raw: str) -> str:
    """`http(s)://host[:port][/path]`: no credentials, query or fragment."""
    parts = urlsplit(raw)
    bare = not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in ("https", "http") or not parts.hostname or not bare or (parts.port or 1) < 1:
        raise ValueError(raw)
    return raw.rstrip("/")


def headers(raw: str) -> dict[str, str]:
    """`name=value,name=value`, the values percent-encoded."""
    pairs = (pair.partition("=") for pair in a_list(raw))
    found = {name.strip().lower(): unquote(value.strip(), errors="strict") for name, _equals, value in pairs}
    for name, value in found.items():
        if not re.fullmatch(r"[a-z0-9!#$%&'*+.^_`|~-]+", name) or not re.fullmatch(r"[ -~]+", value):
            raise ValueError(raw)
    return found


def authorization(raw: str) -> str:
    """`Basic …` and `Bearer …` as they are; `id:token` in Basic's form; anything else as a bearer's token."""
    if not re.fullmatch(r"[ -~]+", raw):
        raise ValueError(raw)
    scheme, _space, rest = raw.partition(" ")
    if scheme.lower() in ("basic", "bearer") and rest:
        return raw
    return f"Basic {b64encode(raw.encode()).decode()}" if ":" in raw else f"Bearer {raw}"


def a_zone(raw: str) -> str:
    """A zone of the IANA database."""
    return ZoneInfo(raw).key


def at_least(least: int) -> Callable[[str], int]:
    """A whole number from `least` up."""

    def read(raw: str) -> int:
        if (number := int(raw)) < least:
            raise ValueError(raw)
        return number

    return read


def amounts(raw: str) -> list[int]:
    """Comma-separated amounts in minor units, each above zero."""
    return [a_positive_count(amount) for amount in a_list(raw)]


#: Codes that nobody pays in, and currencies of thousandths: our amounts have two decimals or none.
NOT_TAKEN = frozenset({"xxx", "xts", "bhd", "iqd", "jod", "kwd", "lyd", "omr", "tnd"})


def a_currency(raw: str) -> str:
    """Three letters, as Stripe writes them: in lower case."""
    currency = raw.lower()
    if not re.fullmatch(r"[a-z]{3}", currency) or currency in NOT_TAKEN:
        raise ValueError(raw)
    return currency


def a_stripe_key(raw: str) -> str:
    """A secret or restricted key; a publishable one opens nothing."""
    if not re.fullmatch(r"[sr]k_(live|test)_\w+", raw):
        raise ValueError(raw)
    return raw


def a_public_key(raw: str) -> str:
    r"""An Ed25519 public key in PEM; its line ends may be written `\n`."""
    pem = raw.replace("\\n", "\n")
    if not isinstance(load_pem_public_key(pem.encode()), Ed25519PublicKey):
        raise TypeError
    return pem


def a_private_key(raw: str) -> str:
    r"""An Ed25519 private key in PEM; its line ends may be written `\n`."""
    pem = raw.replace("\\n", "\n")
    if not isinstance(load_pem_private_key(pem.encode(), password=None), Ed25519PrivateKey):
        raise TypeError
    return pem


def a_private_key_of(seed: str) -> str:
    """An Ed25519 private key in PEM: for one seed always the same, and no way back to it."""
    key = Ed25519PrivateKey.from_private_bytes(sha256(f"supporter keys:{seed}".encode()).digest())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
