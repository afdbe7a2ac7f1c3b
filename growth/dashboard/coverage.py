"""How much of what a panel counts a person's own yes allowed, or the policy in its place."""

from __future__ import annotations

from collections.abc import Iterable

from growth.dashboard.scope import Scope
from growth.dashboard.wording import percent
from telemetry.log.models import Event
from telemetry.log.querysets import Coverage
from telemetry.reading import once


def consented(scope: Scope, types: Iterable[int]) -> str:
    """The share of the events of these types in the chosen days that has person-level consent."""
    start, end, population = scope.period.start, scope.period.end, scope.population
    by_type = once(
        ("consent coverage", start, end, population),
        lambda: Event.objects.by(population.people()).consent_coverage(start, end),
    )
    covered = Coverage.over(types, by_type)
    return percent(covered.with_consent, covered.events)
