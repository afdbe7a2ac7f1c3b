"""`manage.py create_key`: a way in for a program."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telemetry.log.models import ApiKey

NAME_LENGTH = 64


class Command(BaseCommand):
    """Make an API key; it is printed once, alone on stdout."""

    help = "Make an API key. It is printed once, alone on stdout; only a digest of it is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name, scope, and whether it may state facts."""
        parser.add_argument("name", help="who will hold it")
        parser.add_argument("--scope", required=True, choices=ApiKey.Scope.values)
        parser.add_argument(
            "--facts",
            action="store_true",
            help="it may send what only the server writes (payments, logins …), and correct and erase people",
        )

    def handle(self, *args: Any, name: str, scope: str, facts: bool, **options: Any) -> None:
        """Make it and print it."""
        if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
            raise CommandError(f"A name has 1 to {NAME_LENGTH} printable characters.")
        if facts and scope != ApiKey.Scope.INGEST:
            raise CommandError("Only a key of scope ingest can state facts.")
        issued = ApiKey.objects.issue(name, scope, may_state_facts=facts)
        self.stdout.write(issued.secret)
        self.stderr.write(f"{issued.key}: shown this once. Send it as Authorization: Bearer KEY.")
