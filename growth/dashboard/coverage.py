"""How much of what a panel counts a person's own yes allowed, or the policy in its place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from growth.dashboard.wording import percent
from growth.questions import Population
from telemetry.log.models import Event
from telemetry.reading import once


def consented(types: Iterable[int], start: datetime, end: datetime, population: Population) -> str:
    """The share of the events of these types in `[start, end)` that has person-level consent."""
    asked = frozenset(types)
    covered = once(
        ("consent coverage", asked, start, end, population),
        lambda: Event.objects.by(population.people()).consent_coverage(asked, start, end),
    )
    return percent(covered.with_consent, covered.events)
