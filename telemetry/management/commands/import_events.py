"""`manage.py import_events`: a CSV file into the log."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from telemetry.log.importing import NEEDED, OPTIONAL, NotImportable, Progress, import_file
from telemetry.log.models import Origin
from telemetry.log.vocabulary import lookup

ORIGINS = {"api": Origin.API, "csv": Origin.CSV}
BAR_WIDTH = 30
#: Without a terminal, a line for every so many percent.
PERCENT_STEP = 10
LEFT = (
    "The sign-up of %d users stays as it is known: lines that were imported before state another one. "
    "PUT /api/v1/people/{user}/ corrects one."
)


class Command(BaseCommand):
    """Import events, tell how it goes, and end with what became of the lines."""

    help = (
        "Import events from a CSV file, plain or gzipped. Importing again adds nothing, so that an import "
        "which broke off is resumed by starting it again; it corrects no sign-up either. "
        f"Columns: {', '.join(NEEDED)}; "
        f"optional: {', '.join(OPTIONAL)}."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, what its lines are, and within which origin their ids are unique."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--event", default="activity.logged", help="for lines without a name")
        parser.add_argument("--origin", default="csv", choices=sorted(ORIGINS))

    def handle(self, *args: Any, file: Path, event: str, origin: str, **options: Any) -> None:
        """Import the file; `CommandError` when it cannot be read."""
        if lookup(event) is None:
            raise CommandError(f"No event is called {event!r}: declare it with manage.py declare_event.")
        told = Progress()
        bar = Bar(self, file)
        try:
            for told in import_file(file, event=event, origin=ORIGINS[origin], now=timezone.now()):
                bar.show(told)
                for bad in told.bad_lines:
                    self.stderr.write(f"line {bad.number}: {bad.reason}")
        except NotImportable as error:
            raise CommandError(f"{error} {summary(told)}") from error
        except KeyboardInterrupt as interrupt:
            raise CommandError(f"Interrupted. Start it again to go on. {summary(told)}") from interrupt
        bar.end()
        if told.sign_ups_left:
            self.stderr.write(LEFT % len(told.sign_ups_left))
        self.stdout.write(summary(told))


def summary(told: Progress) -> str:
    """The last line."""
    return f"imported={told.imported} duplicates={told.duplicates} rejected={told.rejected}"


class Bar:
    """How far the file is read: a bar on a terminal, else a line now and then; on stderr."""

    def __init__(self, command: BaseCommand, file: Path) -> None:
        self.stream = command.stderr
        self.live = self.stream.isatty()
        self.size = file.stat().st_size if file.is_file() else 0
        self.next_percent = PERCENT_STEP

    def show(self, told: Progress) -> None:
        """Draw anew."""
        percent = min(100, 100 * told.bytes_read // max(1, self.size))
        lines = told.imported + told.duplicates + told.rejected
        if self.live:
            full = BAR_WIDTH * percent // 100
            drawn = "█" * full + "·" * (BAR_WIDTH - full)
            self.stream.write(f"\r{drawn} {percent:3d} % {lines:,} lines", ending="")
        elif percent >= self.next_percent:
            self.next_percent = percent - percent % PERCENT_STEP + PERCENT_STEP
            self.stream.write(f"{percent} % read, {lines:,} lines")

    def end(self) -> None:
        """Leave the terminal on a new line."""
        if self.live:
            self.stream.write("")
