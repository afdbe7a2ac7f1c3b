"""The doorbell: it says that work waits, and never what work."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock
from time import monotonic

from celery import current_app
from django.db import transaction
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers

logger = logging.getLogger(__name__)

PATIENCE = 0.3  # seconds to connect, and seconds for each answer: together below one
SILENCE = 5.0  # seconds without a further attempt after a failed one
BREATH = 0.25  # seconds in which a process rings at most twice for the same task


@dataclass(slots=True)
class Breath:
    """A short while after a ring; `is_answered` once a ring for its end is under way."""

    ends: float
    is_answered: bool = False


class Doorbell:
    """Rings the workers. A broker that is down costs a page one short wait, then none for a while.

    In a burst most rings are the same ring: the first is heard at once, the second at the end of the breath,
    after whatever else was committed in it, and the others are left out. Losing a ring loses no work: beat
    drains every 30 s.
    """

    def __init__(self) -> None:
        self.silent_until = 0.0
        self.breaths: dict[str, Breath] = {}
        self.lock = Lock()

    def ring(self, task: str, after: timedelta = timedelta(0)) -> bool:
        """Wake whoever drains with `task`; False when the broker did not take it."""
        if after:
            return self._send(task, after)
        pause = self._turn(task)
        if pause is None:
            return True
        if self._send(task, pause):
            return True
        with self.lock:
            self.breaths.pop(task, None)  # nobody heard: the next one is the first again
        return False

    def _turn(self, task: str) -> timedelta | None:
        """After how long to ring; None when a ring is under way that will be heard later than this."""
        now = monotonic()
        with self.lock:
            breath = self.breaths.get(task)
            if breath is None or breath.ends <= now:
                self.breaths[task] = Breath(ends=now + BREATH)
                return timedelta(0)
            if breath.is_answered:
                return None
            breath.is_answered = True
            return timedelta(seconds=breath.ends - now)

    def _send(self, task: str, after: timedelta) -> bool:
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
