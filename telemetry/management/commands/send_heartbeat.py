"""`manage.py send_heartbeat`: today's sign of life, now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from telemetry.delivery.installation import queue_heartbeat
from telemetry.delivery.layers import base_is_on


class Command(BaseCommand):
    """Queue today's heartbeat; a worker sends it."""

    help = "Queues today's heartbeat of this installation, once a day however often it is asked for."

    def handle(self, **_options: Any) -> None:
        """Queue it, and say whether it was queued."""
        if not base_is_on():
            self.stdout.write("Nothing queued: there is no sink, or TELEMETRY_DISABLED is on.")
        elif queue_heartbeat(timezone.now(), early=True):
            self.stdout.write("Queued today's heartbeat.")
        else:
            self.stdout.write("Today's heartbeat was queued before.")
