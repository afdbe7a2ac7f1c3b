"""Who saw an ask and who followed it, surface by surface. The unit is the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from donations.events import Placement, Prompt
from donations.models import DonationInteraction
from donations.models.interaction import InteractionType as Type
from telemetry.people.models import Person

#: What follows an ask: a link, the dialog, an amount, the key.
FOLLOWED = (Type.LINK_CLICKED, Type.MODAL_OPENED, Type.DONATION_CLICKED, Type.LICENSE_CLICKED)
BANNERS = tuple(each.value for each in Placement if each.value.startswith("banner"))
PAGES = tuple(each.value for each in Placement if each.value.startswith("donate_page"))


@dataclass(frozen=True, slots=True)
class Surface:
    """A place of the ask: what tells that it was seen (None: nothing does), dismissed, and followed."""

    key: str
    name: str | Promise
    seen: Q | None
    followed: Q
    dismissed: Q | None = None


def _prompted(prompt: Prompt) -> Surface:
    """A soft prompt."""
    return Surface(
        key=f"prompt-{prompt.value}",
        name=prompt.label,
        seen=Q(interaction_type=Type.PROMPT_SHOWN, prompt=prompt),
        followed=Q(interaction_type__in=FOLLOWED, prompt=prompt),
        dismissed=Q(interaction_type=Type.PROMPT_DISMISSED, prompt=prompt),
    )


def _placed(placement: Placement) -> Surface:
    """A place that stands on every page, so that nobody knows who saw it."""
    followed = Q(interaction_type__in=FOLLOWED, placement=placement, prompt="")
    return Surface(placement.value, placement.label, None, followed)


SURFACES: tuple[Surface, ...] = (
    Surface(
        "banner",
        _("Banner"),
        Q(interaction_type=Type.BANNER_IMPRESSION),
        Q(interaction_type__in=FOLLOWED, placement__in=BANNERS),
        Q(interaction_type=Type.BANNER_DISMISSED),
    ),
    Surface(
        "support-page",
        _("Support page"),
        Q(interaction_type=Type.PAGE_VIEWED),
        Q(interaction_type__in=FOLLOWED, placement__in=PAGES),
    ),
    *map(_prompted, Prompt),
    *map(
        _placed,
        (
            Placement.HEADER,
            Placement.SIDEBAR,
            Placement.USER_MENU,
            Placement.DASHBOARD_WIDGET,
            Placement.SETTINGS,
            Placement.REPORTS,
            Placement.ABOUT_PAGE,
            Placement.HELP_PAGE,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class ClickThrough:
    """How many people saw a surface, dismissed it, followed it; None where nobody can know.

    `both`: of those who saw it, how many followed it, which is what a rate is made of.
    """

    surface: Surface
    seen: int | None
    dismissed: int | None
    followed: int
    both: int | None


def click_through(start: datetime, end: datetime, among: QuerySet[Person] | None) -> tuple[ClickThrough, ...]:
    """All surfaces in `[start, end)`. One query: each person's touches are counted, then the people."""
    touches, people = {}, {}
    for number, surface in enumerate(SURFACES):
        for what, condition in _conditions(surface).items():
            touches[f"times_{what}_{number}"] = Count("pk", filter=condition)
            people[f"{what}_{number}"] = _people(number, what)
        if surface.seen is not None:
            people[f"both_{number}"] = _people(number, "seen", "followed")
    rows: Any = _during(start, end, among).order_by().values("person").annotate(**touches)
    read = rows.aggregate(**people)
    return tuple(
        ClickThrough(
            surface,
            read.get(f"seen_{number}"),
            read.get(f"dismissed_{number}"),
            read[f"followed_{number}"],
            read.get(f"both_{number}"),
        )
        for number, surface in enumerate(SURFACES)
    )


def _people(number: int, *did: str) -> Count:
    """How many people did all of this at a surface."""
    return Count("person", filter=Q(**{f"times_{what}_{number}__gt": 0 for what in did}))


def people_who(
    what: str, surface: Surface, start: datetime, end: datetime, among: QuerySet[Person] | None
) -> QuerySet[Person]:
    """The people who saw, dismissed or followed a surface, or `both` saw and followed it.

    `KeyError` for what nobody can know of it.
    """
    rows, conditions = _during(start, end, among), _conditions(surface)
    if what == "both":
        who = rows.filter(conditions["seen"]).values("person")
        rows = rows.filter(person__in=who).filter(conditions["followed"])
    else:
        rows = rows.filter(conditions[what])
    return Person.objects.filter(pk__in=rows.values("person"))


def _conditions(surface: Surface) -> dict[str, Q]:
    asked = {"seen": surface.seen, "dismissed": surface.dismissed, "followed": surface.followed}
    return {name: condition for name, condition in asked.items() if condition is not None}


def _during(start: datetime, end: datetime, among: QuerySet[Person] | None) -> QuerySet[DonationInteraction]:
    rows = DonationInteraction.objects.filter(created_at__gte=start, created_at__lt=end)
    return rows if among is None else rows.filter(person__in=among)
