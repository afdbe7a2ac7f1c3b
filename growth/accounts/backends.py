"""How an account is recognised: by an e-mailed code alone."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from growth.models import User


class CodeOnly(ModelBackend):
    """Permissions and sessions as Django has them; no password ever signs anybody in."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        """Nobody: there are no passwords."""
        return None
