"""How many events a key may send in a minute."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.cache import cache
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from telemetry.api.problems import Problem
from telemetry.log.models import ApiKey

MINUTE = 60
log = logging.getLogger(__name__)


def spend(key: ApiKey, events: int, now: datetime) -> None:
    """Count the events against the key's minute before they are stored; raises `Problem` (429) over quota.

    Counting is atomic in the cache. The quota is fairness, so a cache that does not answer lets all pass.
    """
    minute, second = divmod(int(now.timestamp()), MINUTE)
    try:
        spent = _counted(f"telemetry.quota:{key.pk}:{minute}", events)
    except RedisError:
        log.warning("The cache does not answer: quotas are not counted.")
        return
    if spent > key.events_per_minute:
        message = _("This key may send %(most)s events a minute.") % {"most": key.events_per_minute}
        raise Problem(429, "throttled", message, headers={"Retry-After": str(MINUTE - second)})


def _counted(name: str, events: int) -> int:
    cache.add(name, 0, timeout=2 * MINUTE)
    return int(cache.incr(name, events))
