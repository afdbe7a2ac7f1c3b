"""Cohorts: who is in one, how many are, and how a person is described in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from growth.cohort_rules import Rule, all_of, parse_rules
from growth.models.cohort import Cohort, CohortMember
from growth.shipped_cohorts import SHIPPED
from telemetry.people.models import Person
from telemetry.people.querysets import PersonQuerySet
from telemetry.segments.models import Segment, SegmentWatermark
from telemetry.segments.properties import properties_of


class UnknownCohort(LookupError):
    """No cohort has this slug."""


class UnreadableCohort(ValueError):
    """The stored rules of this cohort cannot be understood, say after a property was renamed."""


@dataclass(frozen=True, slots=True)
class CohortSize:
    """A cohort, and how many people are in it; `size` None when its rules cannot be read."""

    slug: str
    name: str | Promise
    meaning: str | Promise
    shipped: bool
    size: int | None


def people_in(slug: str) -> PersonQuerySet:
    """Whoever is in the cohort, by the segments' last refresh or by its list.

    Raises `UnknownCohort`, and `UnreadableCohort` when its rules say nothing.
    """
    for shipped in SHIPPED:
        if shipped.slug == slug:
            return _people_by(shipped.rules)
    cohort = Cohort.objects.filter(slug=slug).first()
    if cohort is None:
        raise UnknownCohort(slug)
    if cohort.kind == Cohort.Kind.LIST:
        return Person.objects.filter(pk__in=cohort.members.values("person"))
    rules = _readable_rules(cohort)
    if rules is None:
        raise UnreadableCohort(slug)
    return _people_by(rules)


def cohort_as_of() -> datetime | None:
    """The moment for which cohorts by rules are true; None before any refresh."""
    return SegmentWatermark.objects.as_of()


def cohort_sizes(*, reported_only: bool = False) -> list[CohortSize]:
    """Every cohort with its size, those of staff last; three queries, one pass over the segments.

    `reported_only` leaves out staff and flagged people, as reports do.
    """
    made = list(Cohort.objects.all())
    rules = {each.slug: each.rules for each in SHIPPED}
    by_rules = {each.slug: _readable_rules(each) for each in made if each.kind == Cohort.Kind.RULES}
    rules |= {slug: parsed for slug, parsed in by_rules.items() if parsed is not None}
    sizes: dict[str, int | None] = dict.fromkeys(by_rules)
    sizes |= _sizes_by_rules(rules, reported_only) | _sizes_by_list(reported_only)
    return [
        *(CohortSize(each.slug, each.name, each.meaning, True, sizes[each.slug]) for each in SHIPPED),
        *(CohortSize(each.slug, each.name, each.meaning, False, sizes.get(each.slug, 0)) for each in made),
    ]


def description(person: Person) -> str:
    """Who somebody is and how much they do: "Long-term user with low engagement".

    An admin is called so whatever their age. Empty when no refresh has met them.
    """
    return in_words(properties_of(person))


def in_words(read: Mapping[str, Any]) -> str:
    """The same from segment properties that were read before."""
    if read["engagement_level"] is None:
        return ""
    who = {
        "new": _("New user"),
        "recent": _("Recent user"),
        "established": _("Established user"),
        "long_term": _("Long-term user"),
    }[read["account_age_category"]]
    does = {
        "very_high": _("%(who)s with very high engagement"),
        "high": _("%(who)s with high engagement"),
        "medium": _("%(who)s with medium engagement"),
        "low": _("%(who)s with low engagement"),
        "inactive": _("%(who)s with no recent activity"),
    }[read["engagement_level"]]
    return does % {"who": _("Admin user") if read["is_admin"] else who}


def _readable_rules(cohort: Cohort) -> tuple[Rule, ...] | None:
    """The stored rules; None when they cannot be understood."""
    try:
        return parse_rules(cohort.rules)
    except ValidationError:
        return None


def _people_by(rules: Sequence[Rule]) -> PersonQuerySet:
    having = Segment.objects.with_properties(*(rule.name for rule in rules)).filter(all_of(rules))
    return Person.objects.filter(pk__in=having.values("pk"))


def _sizes_by_rules(rules: dict[str, tuple[Rule, ...]], reported_only: bool) -> dict[str, int]:
    segments = Segment.objects.among(reported=reported_only)
    wanted = {rule.name for each in rules.values() for rule in each}
    # The slugs may begin with anything; an alias of SQL may not.
    counts = {f"size_{nth}": Count("pk", filter=all_of(each)) for nth, each in enumerate(rules.values())}
    found = segments.with_properties(*wanted).aggregate(**counts)
    return dict(zip(rules, found.values(), strict=True))


def _sizes_by_list(reported_only: bool) -> dict[str, int]:
    members = CohortMember.objects.filter(cohort__kind=Cohort.Kind.LIST)
    if reported_only:
        members = members.filter(person__in=Person.objects.reported())
    return dict(members.values_list("cohort__slug").annotate(size=Count("pk")).order_by())
