"""CSV that is streamed, and that no spreadsheet runs as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.http import StreamingHttpResponse

from growth.dashboard.scope import Scope
from growth.dashboard.wording import days

#: A cell that begins with one of these is run by spreadsheets.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


class Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        """The line as it goes out."""
        return text


def neutral(cell: object) -> str:
    """The cell's text; with an apostrophe before it if a spreadsheet would run it."""
    text = str(cell)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The rows as lines of CSV, one by one."""
    writer = csv.writer(Line())
    for row in rows:
        yield writer.writerow([neutral(cell) for cell in row])


def csv_response(rows: Iterable[Iterable[object]], name: str) -> StreamingHttpResponse:
    """The rows as a download."""
    response = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def preamble(title: object, definition: object, scope: Scope) -> list[tuple[str, str]]:
    """The lines above a panel's table: what it is, over which days, as of when, in which time zone."""
    return [
        ("title", str(title)),
        ("definition", str(definition)),
        ("days", days(scope.period.first, scope.period.last)),
        ("as of", as_stated(scope.as_of)),
        ("time zone", scope.zone.key),
        ("staff and flagged people", "left out" if scope.reported_only else "included"),
    ]


def as_stated(at: datetime) -> str:
    """ISO 8601."""
    return at.isoformat(timespec="seconds")
