"""How long to wait before a sink is tried again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from secrets import SystemRandom

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
LONGEST_WISH = timedelta(hours=1)
SHORTEST_WISH = timedelta(seconds=1)
#: Nothing grows beyond so many doublings.
DOUBLINGS = 12

_random = SystemRandom()


def wished(header: str | None, now: datetime) -> timedelta | None:
    """What `Retry-After` asks for, in seconds or as a date, between a second and an hour.

    None for no header, garbage, a negative number and a date that has passed.
    """
    if header is None:
        return None
    header = header.strip()
    if re.fullmatch(r"[0-9]+", header, re.ASCII):
        # More than ten digits are more than an hour, whatever they say.
        return _bounded(timedelta(seconds=int(header[:10]) if len(header) <= 10 else 10**9))
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, IndexError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return _bounded(at - now) if at > now else None


def backoff(failures: int) -> timedelta:
    """A random pause: up to 5 s after the first failure, then up to twice as much, up to 15 minutes."""
    longest = min(FIRST_PAUSE * 2 ** min(failures - 1, DOUBLINGS), LONGEST_PAUSE)
    return timedelta(seconds=_random.uniform(0, longest.total_seconds()))


def _bounded(wish: timedelta) -> timedelta:
    return min(max(wish, SHORTEST_WISH), LONGEST_WISH)
