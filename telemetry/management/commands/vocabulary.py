"""Write the document of the vocabulary."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from telemetry.log.document import vocabulary_document


class Command(BaseCommand):
    """Generate docs/vocabulary.md from the event classes, or see whether it still is what they say."""

    help = "Writes docs/vocabulary.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Only whether to look."""
        parser.add_argument(
            "--check", action="store_true", help="write nothing; exit 1 when the document is stale"
        )

    def handle(self, *, check: bool, **_options: Any) -> None:
        """Write the document, or compare it."""
        path = settings.BASE_DIR / "docs" / "vocabulary.md"
        document = vocabulary_document()
        is_current = path.is_file() and path.read_text(encoding="utf-8") == document
        if check and not is_current:
            raise CommandError("docs/vocabulary.md is stale: run manage.py vocabulary.")
        if not is_current:
            path.parent.mkdir(exist_ok=True)
            path.write_text(document, encoding="utf-8")
        self.stdout.write(
            "docs/vocabulary.md is current." if is_current else "docs/vocabulary.md is written."
        )
