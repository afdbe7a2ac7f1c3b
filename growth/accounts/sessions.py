"""Sessions in the database, asked for only by keys that can be ours."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS

LONGEST = 40


class SessionStore(db.SessionStore):
    """Django's, without asking the database for whatever a cookie holds: PostgreSQL chokes on a NUL."""

    def _validate_session_key(self, key: str | None) -> bool:
        """Whether the key has the form of those we make."""
        return key is not None and 8 <= len(key) <= LONGEST and set(key) <= set(VALID_KEY_CHARS)
