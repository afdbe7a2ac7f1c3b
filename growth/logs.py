"""How a line of the log looks: who, what, and never a word that a person or a secret is in."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path

PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

#: Their messages quote what was sent: paths with tokens, hosts, cookies, arguments. Only the kind is kept.
QUOTING = ("django.request", "django.security", "django.server", "celery.app.trace", "celery.beat")


class Line(logging.Formatter):
    """`time LEVEL logger message key=value …`; of an exception its class and where it was raised.

    The text of an exception is left out: it quotes rows, addresses and bodies.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One record as one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        words = [at, record.levelname, record.name, self._said(record), *self._pairs(record)]
        return " ".join(word.replace("\r", "\\r").replace("\n", "\\n") for word in words if word)

    def _said(self, record: logging.LogRecord) -> str:
        if record.name.startswith(QUOTING):
            return ""
        return record.getMessage()

    def _pairs(self, record: logging.LogRecord) -> list[str]:
        own = {name: value for name, value in vars(record).items() if name not in PLAIN}
        pairs = {name: value for name, value in own.items() if isinstance(value, str | int | float)}
        if record.name.startswith("celery."):
            pairs = _of_task(own)
        if route := _route(own.get("request")):
            pairs["route"] = route
        if record.exc_info and record.exc_info[0]:
            pairs["error"] = "<".join(_classes(record.exc_info[1]))
            pairs["at"] = _where(record)
        return [f"{name}={value}" for name, value in pairs.items()]


class ButIntendedThreads(logging.Filter):
    """All that the web server says, except its doubt about 64 threads: they outlast slow connections."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is passed on."""
        return not record.getMessage().startswith("Configuration allows spawning up to")


def _of_task(own: dict[str, object]) -> dict[str, str | int | float]:
    """The task's name and id."""
    data = own.get("data")
    if not isinstance(data, dict):
        return {}
    return {"task": str(data.get("name")), "id": str(data.get("id"))}


def _route(request: object) -> str:
    """The pattern that a request matched, not what stood in it."""
    match = getattr(request, "resolver_match", None)
    return f"{getattr(request, 'method', '')}:{match.route}" if match else ""


def _classes(error: BaseException | None) -> list[str]:
    """Of the exception and of what it came from, the outermost three."""
    names: list[str] = []
    while error is not None and len(names) < 3:
        names.append(type(error).__qualname__)
        error = error.__cause__ or error.__context__
    return names


def _where(record: logging.LogRecord) -> str:
    """The innermost five frames: file, line, function."""
    frames = traceback.extract_tb(record.exc_info[2] if record.exc_info else None)[-5:]
    return ">".join(f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in frames)
