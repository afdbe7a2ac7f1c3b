"""The people behind the numbers of referrals: who came, and who was given days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from growth.questions import Population
from referrals.figures import ACCEPTED_STEP, CONFIRMED, PAID, SIGNED_UP, Span
from telemetry.people.models import Person

TITLES: Mapping[str, str | Promise] = {
    SIGNED_UP: gettext_lazy("Signed up by somebody's link"),
    CONFIRMED: gettext_lazy("Signed up by somebody's link and confirmed their address"),
    PAID: gettext_lazy("Came by somebody's link and became members"),
    ACCEPTED_STEP: gettext_lazy("Brought by people who were new themselves, and accepted"),
}


@dataclass(frozen=True, slots=True)
class Brought:
    """Whoever came by a link in `[start, end)` and got as far as a step by `as_of`."""

    kind: ClassVar[str] = "brought"
    step: str
    start: datetime
    end: datetime
    as_of: datetime
    population: Population
    code: str | None = None

    @property
    def title(self) -> str:
        """What the people have in common."""
        title = str(TITLES[self.step])
        return _("%(title)s, code %(code)s") % {"title": title, "code": self.code} if self.code else title

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        span = Span(self.start, self.end, self.as_of, self.population.people())
        if self.step == ACCEPTED_STEP:
            return span.brought_by_the_cohort()
        return span.reached(self.step, self.code)

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        days = {name: getattr(self, name).isoformat() for name in ("start", "end", "as_of")}
        return {**days, "step": self.step, "code": self.code, **self.population.as_json()}


@dataclass(frozen=True, slots=True)
class Rewarded:
    """Whoever was given days for an introduction in `[start, end)`."""

    kind: ClassVar[str] = "rewarded"
    start: datetime
    end: datetime
    as_of: datetime
    population: Population

    @property
    def title(self) -> str:
        """What the people have in common."""
        return _("Given days for an introduction")

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        return Span(self.start, self.end, self.as_of, self.population.people()).rewarded()

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        days = {name: getattr(self, name).isoformat() for name in ("start", "end", "as_of")}
        return {**days, **self.population.as_json()}
