"""Small drawings: numbers to the coordinates of inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, PAD = 240, 56, 4


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line over equal steps of time."""

    values: tuple[int, ...]

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Coordinates in a box of `WIDTH` by `HEIGHT`; zero is its floor."""
        top = max(self.values, default=0) or 1
        span = max(len(self.values) - 1, 1)
        inner_width, inner_height = WIDTH - 2 * PAD, HEIGHT - 2 * PAD
        return tuple(
            (round(PAD + inner_width * i / span, 1), round(HEIGHT - PAD - inner_height * value / top, 1))
            for i, value in enumerate(self.values)
        )

    @property
    def line(self) -> str:
        """The line's points, as SVG writes them."""
        return " ".join(f"{x},{y}" for x, y in self.points)

    @property
    def area(self) -> str:
        """The outline of the area under the line."""
        if not self.points:
            return ""
        first, last = self.points[0][0], self.points[-1][0]
        return f"{first},{HEIGHT - PAD} {self.line} {last},{HEIGHT - PAD}"

    @property
    def last(self) -> tuple[float, float]:
        """Where the line ends."""
        return self.points[-1] if self.points else (0, HEIGHT - PAD)

    @property
    def view_box(self) -> str:
        """The box, as SVG writes it."""
        return f"0 0 {WIDTH} {HEIGHT}"


def widths(values: Sequence[int]) -> tuple[float, ...]:
    """Percent of the longest bar, with one decimal."""
    longest = max(values, default=0)
    return tuple(round(100 * value / longest, 1) if longest else 0.0 for value in values)
