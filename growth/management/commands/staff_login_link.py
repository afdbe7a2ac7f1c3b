"""Print a link that signs a staff account in."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from growth.models import User
from growth.staff_login import link_for


class Command(BaseCommand):
    help = "Prints a link that signs a staff account in: once, within an hour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose."""
        parser.add_argument(
            "email", nargs="?", help="the account's address; the first staff account's if left out"
        )

    def handle(self, *args: Any, email: str | None, **options: Any) -> None:
        """The link, alone on stdout."""
        staff = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
        account = (staff.filter(email__iexact=email) if email else staff).first()
        if account is None:
            raise CommandError("There is no such staff account. `manage.py createsuperuser` makes one.")
        site = settings.SITE_URL or f"http://{settings.HOST}:{settings.PORT}"
        self.stdout.write(link_for(account, timezone.now(), site))
