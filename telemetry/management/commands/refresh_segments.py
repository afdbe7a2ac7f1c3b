"""Bring the segments up to now."""

from datetime import datetime
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from telemetry.segments.refresh import refresh_segments


def an_instant(raw: str) -> datetime:
    """A moment in ISO 8601; without a zone, in that of the calendar of reports."""
    moment = parse_datetime(raw) or parse_datetime(f"{raw}T00:00")
    if moment is None:
        raise ValueError(raw)
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


class Command(BaseCommand):
    """Recompute the people whose numbers moved, or everybody."""

    help = "Recomputes the segments of the people whose numbers can have moved since the last refresh."

    def add_arguments(self, parser: CommandParser) -> None:
        """Everybody, and as of when."""
        parser.add_argument("--full", action="store_true", help="recompute everybody")
        parser.add_argument(
            "--as-of",
            type=an_instant,
            metavar="ISO",
            help="recompute everybody as of an earlier moment; the next refresh is a full one",
        )

    def handle(self, *, full: bool, as_of: datetime | None, **_options: Any) -> None:
        """Refresh, and print how many people, how many changed, and how long it took."""
        started = monotonic()
        try:
            report = refresh_segments(now=timezone.now(), full=full, as_of=as_of)
        except ValueError as error:
            raise CommandError("--as-of takes a moment that has passed.") from error
        seconds = monotonic() - started
        self.stdout.write(f"people={report.people} changed={report.changed} seconds={seconds:.2f}")
