"""How figures are put into words and digits."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

#: What stands for "not known (yet)".
UNKNOWN = "–"  # noqa: RUF001

ONE_PLACE = Decimal("0.1")
TWO_PLACES = Decimal("0.01")
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def grouped(number: int) -> str:
    """A whole number with its thousands apart."""
    return str(formats.number_format(number, force_grouping=True))


def tenths(part: int, whole: int) -> int | None:
    """Tenths of a percent, rounded half up in integers; None of nothing."""
    return (2000 * part + whole) // (2 * whole) if whole else None


def percent(part: int | None, whole: int | None) -> str:
    """`12.5 %`; an en dash where either is not known or the whole is nothing."""
    if part is None or not whole:
        return UNKNOWN
    share = tenths(part, whole) or 0
    return f"{grouped(share // 10)}.{share % 10} %"


def share(value: float | None) -> str:
    """A share of 1 as `12.5 %`, rounded half up.

    The shortest decimal of the float is what is rounded, as in the API's answers.
    """
    if value is None:
        return UNKNOWN
    return f"{(Decimal(repr(value)) * 100).quantize(ONE_PLACE, rounding=ROUND_HALF_UP)} %"


def hundredths(value: float | None) -> str:
    """A figure as `1.25`, rounded half up as a share is; an en dash when not known."""
    if value is None:
        return UNKNOWN
    return str(Decimal(repr(value)).quantize(TWO_PLACES, rounding=ROUND_HALF_UP))


def duration(seconds: float | None) -> str:
    """The two largest units: `3 d 4 h`, `5 min 10 s`; an en dash when not known."""
    if seconds is None:
        return UNKNOWN
    left = round(seconds)
    for (size, unit), (smaller, small_unit) in pairwise(UNITS):
        if left >= size:
            whole, rest = divmod(left, size)
            return f"{whole} {unit}" + (f" {rest // smaller} {small_unit}" if rest >= smaller else "")
    return f"{left} s"


def change(now: int, before: int) -> str:
    """`up 12.5 % (+34)`, `down 3 (from 0 …)`: the direction in a word, the sign in digits."""
    difference = now - before
    if difference == 0:
        return _("no change")
    word = _("up") if difference > 0 else _("down")
    signed = f"{'+' if difference > 0 else '−'}{grouped(abs(difference))}"  # noqa: RUF001
    if not before:
        return f"{word} {signed}"
    return f"{word} {percent(abs(difference), before)} ({signed})"


def day(value: date) -> str:
    """`12 Aug 2026`."""
    return f"{value.day} {formats.date_format(value, 'M Y')}"


def days(first: date, last: date) -> str:
    """The first and the last, the year once if it is the same; or one day."""
    if first == last:
        return day(first)
    begin = day(first) if first.year != last.year else f"{first.day} {formats.date_format(first, 'M')}"
    return f"{begin} – {day(last)}"  # noqa: RUF001


def moment(at: datetime, zone: ZoneInfo) -> str:
    """`12 Aug 2026, 14:05` in the zone."""
    local = at.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M}"
