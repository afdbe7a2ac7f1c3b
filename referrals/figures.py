"""What introductions amount to: how many came, how fast, by which code, and what it cost in days.

Introductions are counted by when the friend signed up; what became of them, up to `as_of`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from referrals.models import CreditGrant, ReferralClick, ReferralCode
from referrals.models.credit import REWARDS
from referrals.models.referral import State
from telemetry.instants import MICROSECOND
from telemetry.people.models import Person

if TYPE_CHECKING:
    from datetime import date

#: Confirmed, and no check spoke against them: a reward that was held, refused or returned is not counted.
ACCEPTED = (State.PENDING, State.CONVERTED, State.CAPPED)

SIGNED_UP, CONFIRMED, PAID, ACCEPTED_STEP = "signed_up", "confirmed", "paid", "accepted"
STEPS = (SIGNED_UP, CONFIRMED, PAID)

People = QuerySet[Person] | None
"""Among whom; None for everybody."""


@dataclass(frozen=True, slots=True)
class KFactor:
    """How many people one person brings: invitations a person, times the share that is accepted.

    k = i · c = accepted / people. Below 1 the cohort grows to people / (1 - k) in the end.
    """

    people: int
    invites: int
    accepted: int

    @property
    def invites_each(self) -> float | None:
        """i: openings of invitations for each person."""
        return self.invites / self.people if self.people else None

    @property
    def acceptance(self) -> float | None:
        """c: the share of invitations that brought somebody; None where nobody was invited."""
        return self.accepted / self.invites if self.invites else None

    @property
    def k(self) -> float | None:
        """People brought for each person; 0 where nobody was invited, None without anybody to invite."""
        return self.accepted / self.people if self.people else None

    @property
    def limit(self) -> float | None:
        """What the cohort comes to if each whom it brings brings as many; None where it has no end."""
        return self.people / (1 - self.k) if self.k is not None and self.k < 1 else None


@dataclass(frozen=True, slots=True)
class Days:
    """Days of rewards that were given and taken back."""

    given: int
    taken: int

    @property
    def net(self) -> int:
        """What they cost."""
        return self.given - self.taken


@dataclass(frozen=True, slots=True)
class CodeReport:
    """What one code brought: how often its link was opened, and how many friends came how far."""

    pk: int
    code: str
    opened: int
    signed_up: int
    confirmed: int
    paid: int

    @property
    def steps(self) -> tuple[int, ...]:
        """The friends by step, in the order of `STEPS`."""
        return self.signed_up, self.confirmed, self.paid


@dataclass(frozen=True, slots=True)
class Span:
    """When friends signed up, `[start, end)`; until when it is known what became of them; and among whom."""

    start: datetime
    end: datetime
    as_of: datetime
    among: People = None

    @property
    def days(self) -> tuple[date, date]:
        """The first day and the last; before the first where the span is empty."""
        return timezone.localdate(self.start), last_day_before(min(self.end, self.as_of))

    def reached(self, step: str, code: str | None = None) -> QuerySet[Person]:
        """The friends who came that far; by one code, if it is named."""
        friends = Person.objects.filter(self._came("referral__") & self._step("referral__", step))
        if code is not None:
            friends = friends.filter(referral__code__code=code)
        return self._among(friends)

    def counts(self) -> dict[str, int]:
        """How many friends came how far. One query."""
        friends = self._among(Person.objects.filter(self._came("referral__")))
        return friends.aggregate(
            **{step: Count("pk", filter=self._step("referral__", step)) for step in STEPS}
        )

    def opened(self) -> int:
        """How often links were opened on these days, counted without a name: whoever's they are."""
        first, last = self.days
        clicks = ReferralClick.objects.filter(day__gte=first, day__lte=last)
        times: int = clicks.aggregate(times=Coalesce(Sum("count"), 0))["times"]
        return times

    def k_factor(self) -> KFactor:
        """Of whoever signed up in the span: how many people, their links' openings, whom they brought."""
        members = self._cohort()
        clicks = ReferralClick.objects.filter(code__person__in=members.values("pk"))
        invites = clicks.filter(day__lte=last_day_before(self.as_of))
        return KFactor(
            people=members.count(),
            invites=invites.aggregate(times=Coalesce(Sum("count"), 0))["times"],
            accepted=self.brought_by_the_cohort().count(),
        )

    def brought_by_the_cohort(self) -> QuerySet[Person]:
        """Whom those brought who signed up in the span themselves, as far as they were accepted."""
        accepted = Q(referral__state__in=ACCEPTED, referral__confirmed_at__lte=self.as_of)
        brought = Person.objects.filter(accepted, referral__referrer__in=self._cohort().values("pk"))
        return self._among(brought)

    def cycle_seconds(self) -> float | None:
        """The median from the sign-up of who invited to that of who came; None where nobody came."""
        pairs = self.reached(CONFIRMED).values_list(
            "referral__created_at", "referral__referrer__signed_up_at"
        )
        return middle((came - invited).total_seconds() for came, invited in pairs if invited)

    def rewarded(self) -> QuerySet[Person]:
        """Who was given days for an introduction in the span, on either side."""
        rewards = CreditGrant.objects.rewards().filter(
            effective_at__gte=self.start, effective_at__lt=min(self.end, self.as_of)
        )
        return self._among(Person.objects.filter(pk__in=rewards.values("person")))

    def cost(self) -> Days:
        """Days that rewards cost in the span; of everybody, also of who was erased since."""
        during = Q(effective_at__gte=self.start, effective_at__lt=min(self.end, self.as_of))
        of_rewards = Q(kind__in=REWARDS) | Q(reverses__kind__in=REWARDS)
        entries = CreditGrant.objects.filter(during, of_rewards)
        if self.among is not None:
            entries = entries.filter(person__in=self.among.values("pk"))
        sums = entries.aggregate(
            given=Coalesce(Sum("days", filter=Q(days__gt=0)), 0),
            taken=Coalesce(Sum("days", filter=Q(days__lt=0)), 0),
        )
        return Days(sums["given"], -sums["taken"])

    def by_code(self, most: int) -> list[CodeReport]:
        """The codes that brought most. One query."""
        first, last = self.days
        clicks = ReferralClick.objects.filter(code=OuterRef("pk"), day__gte=first, day__lte=last)
        opened = clicks.order_by().values("code").annotate(times=Sum("count")).values("times")
        known = self._came("referrals__") & Q(referrals__referred__isnull=False)
        if self.among is not None:
            known &= Q(referrals__referred__in=self.among.values("pk"))
        counted = ReferralCode.objects.annotate(
            opened=Coalesce(Subquery(opened), 0),
            came=Count("referrals", filter=known),
            confirmed=Count("referrals", filter=known & self._step("referrals__", CONFIRMED)),
            paid=Count("referrals", filter=known & self._step("referrals__", PAID)),
        )
        found = counted.exclude(opened=0, came=0).order_by("-paid", "-confirmed", "-came", "-opened", "code")
        rows = found.values_list("pk", "code", "opened", "came", "confirmed", "paid")[:most]
        return [CodeReport(*row) for row in rows]

    def _cohort(self) -> QuerySet[Person]:
        return self._among(Person.objects.filter(signed_up_at__gte=self.start, signed_up_at__lt=self.end))

    def _came(self, path: str) -> Q:
        return Q(**{f"{path}created_at__gte": self.start, f"{path}created_at__lt": min(self.end, self.as_of)})

    def _step(self, path: str, step: str) -> Q:
        if step == SIGNED_UP:
            return Q()
        field = {CONFIRMED: "confirmed_at", PAID: "converted_at"}[step]
        return Q(**{f"{path}{field}__lte": self.as_of})

    def _among(self, people: QuerySet[Person]) -> QuerySet[Person]:
        return people if self.among is None else people.filter(pk__in=self.among.values("pk"))


def last_day_before(end: datetime) -> date:
    """The last day of which something lies before an instant: at midnight, the one that has just ended."""
    return timezone.localdate(end - MICROSECOND)


def middle(values: Iterable[float]) -> float | None:
    """The median; None of nothing."""
    known = list(values)
    return median(known) if known else None
