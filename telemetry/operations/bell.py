"""The doorbell: it says that work waits, and never what work."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from time import monotonic

from celery import current_app
from django.db import transaction
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers

logger = logging.getLogger(__name__)

PATIENCE = 0.3  # seconds to connect, and seconds for each answer: together below one
SILENCE = 5.0  # seconds without a further attempt after a failed one


class Doorbell:
    """Rings the workers. A broker that is down costs a page one short wait, then none for a while.

    Losing a ring loses no work: beat drains every 30 s.
    """

    def __init__(self) -> None:
        self.silent_until = 0.0

    def ring(self, task: str, after: timedelta = timedelta(0)) -> bool:
        """Wake whoever drains with `task`; False when the broker did not take it."""
        if monotonic() < self.silent_until:
            return False
        patience = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE, "max_retries": 0}
        connection = current_app.connection_for_write(
            transport_options={**current_app.conf.broker_transport_options, **patience}
        )
        refused = (OperationalError, LimitExceeded, OSError)
        refused += connection.connection_errors + connection.channel_errors
        try:
            with producers[connection].acquire(block=True, timeout=PATIENCE) as producer:
                current_app.send_task(
                    task, producer=producer, retry=False, countdown=after.total_seconds() or None
                )
        except refused as error:
            self.silent_until = monotonic() + SILENCE
            logger.warning("ring not taken", extra={"task": task, "error": type(error).__name__})
            return False
        return True


doorbell = Doorbell()


def ring_on_commit(task: str) -> None:
    """Ring once the surrounding transaction stands; at once outside of one."""
    transaction.on_commit(partial(doorbell.ring, task), robust=True)
