"""Answers that take the same time, whoever is asked about."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponseBase

STEP = 0.25  # seconds


def at_an_even_pace(post: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answer at the next full quarter of a second.

    An address with an account takes other work than one without; who measures must not see which.
    """

    @wraps(post)
    def paced(*args: Any, **kwargs: Any) -> HttpResponseBase:
        begun = time.monotonic()
        try:
            return post(*args, **kwargs)
        finally:
            time.sleep(STEP - (time.monotonic() - begun) % STEP)

    return paced
