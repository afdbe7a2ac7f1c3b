"""Who is asked what, where: the one policy. Every template asks it, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone

from donations.experiments import SUPPORT_HERO
from donations.models import Supporter, SupporterKey
from donations.prepared import Prepared
from donations.querysets.supporters import A_WEEK
from donations.statistics import UsageStats
from telemetry.consent.visitors import person_of
from telemetry.experiments.arms import arm_expression, arm_of, running_expression
from telemetry.people.models import Person

#: How long a gift is thanked for.
GIFT = timedelta(days=365)
#: In the session: this session has had its soft prompt.
PROMPTED = "support_prompted"
NOTHING_YET = UsageStats()


@dataclass(frozen=True, slots=True)
class SupportVisibility:
    """What one person may be shown at one moment.

    `entry_points`: buttons, cards and links that lead to the ask. `banner`, `prompt`: what comes up by
    itself. `supporter`: whoever is thanked instead. `variant`: the experiment's arm, empty without one.
    `armed`: a prompt waits for the next page. `dismissed`: the placements that the person closed.
    """

    person: Person | None = None
    statistics: UsageStats = NOTHING_YET
    supporter: bool = False
    never_ask: bool = False
    entry_points: bool = False
    banner: bool = False
    prompt: bool = False
    variant: str = ""
    armed: bool = False
    dismissed: frozenset[str] = frozenset()

    @classmethod
    def for_request(cls, request: HttpRequest) -> SupportVisibility:
        """Of whoever the request is from, read once: one query.

        It writes when an arm is first given, and when a prompt that waited is not to be shown any more.
        """
        known = getattr(request, "_support_visibility", None)
        if known is None:
            known = _of_request(request, timezone.now())
            request._support_visibility = known  # type: ignore[attr-defined]
        return cast(SupportVisibility, known)

    @classmethod
    def without_prompt(cls, request: HttpRequest) -> None:
        """Let nothing come up by itself on the page that answers this request."""
        quiet = replace(cls.for_request(request), prompt=False)
        request._support_visibility = quiet  # type: ignore[attr-defined]

    @classmethod
    def silence(cls, request: HttpRequest) -> None:
        """Neither ask nor thank on the page that answers this request; no query."""
        request._support_visibility = cls()  # type: ignore[attr-defined]

    @classmethod
    def of(cls, person: Person, *, at: datetime) -> SupportVisibility:
        """Of somebody read by `people_asked`."""
        row = cast(Supporter | None, getattr(person, "supporter", None)) or Supporter(person=person)
        supporter = person.has_key or supports(row, at)  # type: ignore[attr-defined]
        asks = settings.SUPPORT_ASKING and not supporter and not row.never_ask
        rests = row.asks_rest_until is not None and at < row.asks_rest_until
        dismissed = frozenset(place for place in row.dismissals if row.was_dismissed(place, at))
        if row.after_report_armed_at and (rests or not asks):
            Supporter.objects.drop_prompt(person)
        return cls(
            person=person,
            statistics=UsageStats.of(person, at=at),
            supporter=supporter,
            never_ask=row.never_ask,
            entry_points=asks,
            banner=asks and not rests and "banner" not in dismissed,
            prompt=asks and not rests and (row.prompted_at is None or row.prompted_at <= at - A_WEEK),
            armed=row.after_report_armed_at is not None,
            variant=_arm(person, at) if asks else "",
            dismissed=dismissed,
        )

    def may_ask_at(self, placement: str) -> bool:
        """Whether an entry point may stand there."""
        return self.entry_points and placement not in self.dismissed


def supports(row: Supporter, at: datetime) -> bool:
    """Whether somebody is a supporter by what they pay, by credit, or by a gift of the last twelve months."""
    gave = row.last_gift_at is not None and row.last_gift_at > at - GIFT
    return row.has_paid_access(at) or gave


def people_asked() -> Any:
    """People with all that the policy looks at, in one query."""
    keys = SupporterKey.objects.standing().filter(Q(person=OuterRef("pk")) | Q(is_for_everybody=True))
    return Person.objects.select_related("supporter", "segment").annotate(
        has_key=Exists(keys), arm=arm_expression(SUPPORT_HERO), gives_arms=running_expression(SUPPORT_HERO)
    )


#: Of the account that is signed in, and of a visitor who agreed to be known.
of_account = Prepared(
    Person._meta.get_field("account"), lambda account: people_asked().filter(account=account)
)
of_person = Prepared(Person._meta.get_field("id"), lambda person: people_asked().filter(pk=person))


def _of_request(request: HttpRequest, at: datetime) -> SupportVisibility:
    if request.user.is_authenticated:
        person = of_account.first(request.user.pk)
    else:
        visitor = person_of(request)
        person = of_person.first(visitor.pk) if visitor else None
    if person is None:
        covered = SupporterKey.objects.standing().for_everybody().exists()
        return SupportVisibility(supporter=covered, entry_points=settings.SUPPORT_ASKING and not covered)
    seen = SupportVisibility.of(person, at=at)
    return replace(seen, prompt=False) if request.session.get(PROMPTED) else seen


def _arm(person: Any, at: datetime) -> str:
    """The arm of somebody who is asked; given now if the experiment runs and they have none."""
    if person.arm is None and person.gives_arms:
        return arm_of(person, SUPPORT_HERO, at=at) or ""
    return person.arm or ""
