"""What a measurement is, and how it is read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """How long one way of a job took."""

    job: str
    way: str
    seconds: float
    note: str = ""


def median_seconds(ask: Callable[[], T], times: int = 3) -> tuple[float, T]:
    """The median of so many runs after one to warm up, and the last answer."""
    answer = ask()
    seconds = []
    for _ in range(times):
        began = perf_counter()
        answer = ask()
        seconds.append(perf_counter() - began)
    return median(seconds), answer


def table(results: Iterable[Result]) -> str:
    """The results as a table of text; each job's first way is what the others are compared with."""
    lines = [f"{'job':<24}{'way':<40}{'seconds':>10}{'ratio':>10}  note"]
    first: dict[str, float] = {}
    for result in results:
        ratio = result.seconds / first.setdefault(result.job, result.seconds)
        lines.append(f"{result.job:<24}{result.way:<40}{result.seconds:>10.4f}{ratio:>10.2f}  {result.note}")
    return "\n".join(lines)
