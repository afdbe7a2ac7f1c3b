"""What the base layer may say: an allow-list, enforced where records are made and again where they leave."""

from __future__ import annotations

import logging
import platform
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from telemetry.delivery.models import Installation
from telemetry.delivery.records import Origin
from telemetry.log.events import RESERVED_FAMILY

logger = logging.getLogger(__name__)

FIRST_SEEN = f"{RESERVED_FAMILY}.first_seen"
HEARTBEAT = f"{RESERVED_FAMILY}.heartbeat"
OPTED_IN = f"{RESERVED_FAMILY}.opted_in"
TEST = f"{RESERVED_FAMILY}.test"

SCHEMA = frozenset(
    {
        "install_id",
        "app_version",
        "platform",
        "os_version",
        "architecture",
        "locale",
        "timezone",
        "first_seen_at",
        "last_seen_at",
        "heartbeat_at",
        "release_channel",
        "deployment_type",
    }
)


def base_attributes(
    installation: Installation, now: datetime, heartbeat_at: datetime | None = None
) -> dict[str, str]:
    """What the installation says of itself at `now`: no host name, no URL, no address, no fingerprint."""
    version = re.match(r"\d+(\.\d+)?", platform.release())  # the rest of it can name a machine's maker
    said = {
        "install_id": str(installation.install_id),
        "app_version": settings.VERSION,
        "platform": platform.system().lower(),
        "os_version": version[0] if version else "",
        "architecture": platform.machine(),
        "locale": settings.LANGUAGE_CODE,
        "timezone": settings.TIME_ZONE,
        "first_seen_at": installation.first_seen_at.isoformat(),
        "last_seen_at": now.isoformat(),
        "release_channel": "stable" if re.fullmatch(r"[\d.]+", settings.VERSION) else "preview",
        "deployment_type": deployment(),
    }
    return said if heartbeat_at is None else said | {"heartbeat_at": heartbeat_at.isoformat()}


def allowed(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that the schema knows; another one is a fault of ours, and stays here."""
    if extra := sorted(attributes.keys() - SCHEMA):
        logger.error("not in the base schema", extra={"count": len(extra)})
    return {key: value for key, value in attributes.items() if key in SCHEMA and isinstance(value, str)}


def deployment() -> str:
    """How this installation runs: `embedded` or `production`."""
    return "embedded" if settings.EMBEDDED else "production"


def origin_of(installation: Installation) -> Origin:
    """Who speaks, in each batch."""
    return Origin(installation.install_id, settings.VERSION, deployment())
