"""Reading events from CSV: every line is stored, known already, or refused with its number and a reason."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple, TextIO

from telemetry.log.identity import digest
from telemetry.log.ingest import CLOCK_TOLERANCE, Verdicts, store
from telemetry.log.items import EARLIEST, LATEST, Item, read_item
from telemetry.log.models import Event, Origin
from telemetry.log.strict_json import Unreadable, read
from telemetry.people.sign_ups import state_sign_ups

NEEDED = ("id", "user", "occurred_at")
OPTIONAL = (
    "visitor",
    "name",
    "project",
    "source",
    "duration_seconds",
    "properties",
    "user_signed_up_at",
)
BATCH = 1000
UNDECODED = re.compile("[\ud800-\udfff]")


class NotImportable(ValueError):
    """The file as a whole cannot be read, or not to its end; what was stored before stays."""


class Row(NamedTuple):
    """A row as the file has it, or why it is none."""

    number: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """Why a line was not stored; lines count from 1, the header's."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be stored, and the sign-up that it states of its user."""

    number: int
    item: Item
    signed_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of the lines so far; `bytes_read` of the file as it lies on the disk.

    `sign_ups_left`: the users of whom a line that was known already states another sign-up than is known.
    """

    imported: int = 0
    duplicates: int = 0
    rejected: int = 0
    bytes_read: int = 0
    bad_lines: tuple[BadLine, ...] = field(default=(), repr=False)
    sign_ups_left: frozenset[str] = field(default=frozenset(), repr=False)

    def after(self, verdicts: Verdicts, bad: Sequence[BadLine], left: set[str], bytes_read: int) -> Progress:
        """With one more batch, whose bad lines replace those of the last."""
        return Progress(
            self.imported + verdicts.accepted,
            self.duplicates + verdicts.duplicates,
            self.rejected + len(bad),
            bytes_read,
            tuple(sorted(bad, key=lambda line: line.number)),
            self.sign_ups_left | left,
        )


def import_file(path: Path, *, event: str, origin: Origin, now: datetime) -> Iterator[Progress]:
    """Store a CSV file (plain or gzipped) batch by batch, each in its own transaction, and tell how it goes.

    `event` is the name of lines that state none. Importing again adds nothing, so that an import which
    broke off is resumed by starting it again. The sign-up that a known line states was told before: it counts
    only where none is known. Raises `NotImportable`.
    """
    with _opened(path) as (raw, text):
        rows = _rows(text)
        columns = _columns(next(rows, Row(1, [])).cells)
        progress = Progress()
        while batch := list(islice(rows, BATCH)):
            lines, bad = _read(batch, columns, event, now)
            verdicts, left = _stored(lines, origin, now)
            bad += [BadLine(lines[refusal.index].number, refusal.message) for refusal in verdicts.rejected]
            progress = progress.after(verdicts, bad, left, raw.tell())
            yield progress


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], TextIO]]:
    """The file's bytes, by which progress is told, and its text; what is no UTF-8 becomes surrogates."""
    try:
        with path.open("rb") as raw:
            unpacked = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            with TextIOWrapper(unpacked, "utf-8-sig", errors="surrogateescape", newline="") as text:
                yield raw, text
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise NotImportable("The file is damaged: it cannot be unpacked to its end.") from error
    except OSError as error:
        raise NotImportable(f"The file cannot be read: {error.strerror}.") from error


def _rows(text: TextIO) -> Iterator[Row]:
    """The rows with the number of their first line, empty ones left out."""
    reader = csv.reader(text, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            if cells := next(reader):
                yield Row(number, cells)
        except csv.Error as error:
            yield Row(number, [], f"is no CSV: {error}")
        except StopIteration:
            return


def _columns(header: Sequence[str]) -> Sequence[str]:
    """The header, which must name what an event needs."""
    if not header:
        raise NotImportable("The file is empty.")
    if missing := [name for name in NEEDED if name not in header]:
        raise NotImportable(f"The first line lacks {', '.join(missing)}. Is it a CSV with a header?")
    if unknown := [name for name in header if name not in NEEDED + OPTIONAL]:
        raise NotImportable(f"There is no place for the columns {', '.join(map(repr, unknown))[:200]}.")
    if len(set(header)) < len(header):
        raise NotImportable("The first line names a column twice.")
    return header


def _read(
    rows: Sequence[Row], columns: Sequence[str], event: str, now: datetime
) -> tuple[list[Line], list[BadLine]]:
    lines, bad = [], []
    for row in rows:
        try:
            lines.append(_line(row, columns, event, now))
        except ValueError as error:
            bad.append(BadLine(row.number, str(error)))
    return lines, bad


def _line(row: Row, columns: Sequence[str], event: str, now: datetime) -> Line:
    """What a row states; `ValueError` says what is wrong with it."""
    if row.fault:
        raise ValueError(row.fault)
    if len(row.cells) != len(columns):
        raise ValueError(f"has {len(row.cells)} values for {len(columns)} columns")
    if UNDECODED.search("".join(row.cells)):
        raise ValueError("is not UTF-8")
    # An empty cell is a value that is not known.
    cells: dict[str, Any] = {column: cell for column, cell in zip(columns, row.cells, strict=True) if cell}
    signed_up_at = cells.pop("user_signed_up_at", None)
    if "duration_seconds" in cells:
        cells["duration_seconds"] = _whole(cells["duration_seconds"])
    if "properties" in cells:
        cells["properties"] = _json(cells["properties"])
    if "occurred_at" in cells:
        cells["occurred_at"] = _instant("occurred_at", cells["occurred_at"])
    item = read_item({"name": event, **cells})
    return Line(row.number, item, _sign_up(signed_up_at, now) if signed_up_at else None)


def _whole(cell: str) -> int:
    if not (cell.isascii() and cell.isdigit() and len(cell) < 20):
        raise ValueError("duration_seconds: not a whole number from 0 up")
    return int(cell)


def _json(cell: str) -> Any:
    try:
        return read(cell.encode())
    except Unreadable as error:
        raise ValueError(f"properties: {error.message}") from error


def _instant(column: str, cell: str) -> datetime:
    try:
        at = datetime.fromisoformat(cell)
    except ValueError as error:
        raise ValueError(f"{column}: not an ISO 8601 date and time") from error
    if at.utcoffset() is None:
        raise ValueError(f"{column}: has no offset from UTC")
    if not EARLIEST <= at < LATEST:
        raise ValueError(f"{column}: is before 1970 or after 9998")
    return at


def _sign_up(cell: str, now: datetime) -> datetime:
    at = _instant("user_signed_up_at", cell)
    if at > now + CLOCK_TOLERANCE:
        raise ValueError("user_signed_up_at: is still to come")
    return at


def _stored(lines: Sequence[Line], origin: Origin, now: datetime) -> tuple[Verdicts, set[str]]:
    """Store one batch and the sign-ups that it states; the users whose sign-up was told before and stays."""
    stating = [line for line in lines if line.signed_up_at]
    known = Event.objects.known(origin, [line.item.id for line in stating]) if stating else set()
    verdicts = store([line.item for line in lines], origin=origin, now=now)
    refused = {lines[refusal.index].number for refusal in verdicts.rejected}
    told_before: dict[str, datetime] = {}
    news: dict[str, datetime] = {}
    for line in stating:
        if line.item.user and line.signed_up_at and line.number not in refused:
            stated = told_before if digest(line.item.id) in known else news
            stated[line.item.user] = line.signed_up_at
    left = state_sign_ups(told_before, told_before=True) if told_before else set()
    if news:
        state_sign_ups(news)
    return verdicts, left - news.keys()
