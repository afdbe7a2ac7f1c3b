"""`manage.py demo`: a believable year, to look at."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from growth.demo import demo_year
from growth.demo_referrals import write_referrals
from growth.demo_support import write_support
from telemetry.log.ingest import store
from telemetry.log.models import Origin
from telemetry.segments.refresh import refresh_segments

BATCH = 500


class Command(BaseCommand):
    """Fill the log with the demo year; running it again adds nothing."""

    help = "Fill the event log with a believable, deterministic year of a small product."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The year's last day."""
        parser.add_argument(
            "--until",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="The last day (default: yesterday).",
        )

    def handle(self, *args: Any, until: date | None, **options: Any) -> None:
        """Store the year in batches with the rows of its support, then refresh the segments."""
        now = timezone.now()
        last_day = until or timezone.localdate(now) - timedelta(days=1)
        items = list(demo_year(last_day))
        stored = 0
        for start in range(0, len(items), BATCH):
            stored += store(items[start : start + BATCH], origin=Origin.API, now=now).accepted
        end = datetime.combine(last_day + timedelta(days=1), time(), UTC)
        payments, referrals = write_support(items, until=end), write_referrals(until=end)
        report = refresh_segments(now=now, full=True)
        self.stdout.write(f"events={stored} people={report.people} payments={payments} referrals={referrals}")
