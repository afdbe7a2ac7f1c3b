"""One record as the sink sees it, whatever its encoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Origin:
    """Which installation speaks: what OTLP calls the resource."""

    install_id: UUID
    app_version: str
    deployment: str


@dataclass(frozen=True, slots=True)
class Record:
    """One log record: its name, when it happened, and attributes that may leave as they are."""

    name: str
    occurred_at: datetime
    attributes: Mapping[str, Any] = field(default_factory=dict)
