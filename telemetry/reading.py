"""What one page asks for more than once is read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_read: ContextVar[dict[Hashable, Any] | None] = ContextVar("read", default=None)


@contextmanager
def one_reading() -> Iterator[None]:
    """Within it what is asked for by `once` is read once: the figures of a page are of one moment.

    Only for what reads: whoever writes in between does not see it.
    """
    before = _read.set({})
    try:
        yield
    finally:
        _read.reset(before)


def once(what: Hashable, ask: Callable[[], T]) -> T:
    """The answer, from the present reading if it was asked before; `what` names the question."""
    read = _read.get()
    if read is None:
        return ask()
    if what not in read:
        read[what] = ask()
    answer: T = read[what]
    return answer
