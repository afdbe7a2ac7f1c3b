"""Add an event type to the vocabulary."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from telemetry.log.models import EventType


class Command(BaseCommand):
    """Declare an event that other programs send; saying the same again changes nothing."""

    help = "Adds an event type to the vocabulary."

    def add_arguments(self, parser: CommandParser) -> None:
        """A name, what it means, and whether it makes somebody active."""
        parser.add_argument("name", help="such as report.exported; 64 characters at most")
        parser.add_argument("meaning", help="what it means, in a sentence")
        parser.add_argument("--activity", action="store_true", help="it counts as use of the product")

    def handle(self, *, name: str, meaning: str, activity: bool, **_options: Any) -> None:
        """Declare it, and say what it is now."""
        try:
            changed = EventType.objects.declare(name, meaning, counts_as_use=activity)
        except ValidationError as error:
            raise CommandError(f"{name}: {' '.join(error.messages)}") from error
        counts = "counts as use" if activity else "does not count as use"
        self.stdout.write(f"{name} {'is now declared' if changed else 'was declared before'}; it {counts}.")
