"""The people behind a number: every question that a number can be opened with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Protocol

from django.db.models import QuerySet
from django.utils.translation import gettext as _, gettext_lazy

from growth.cohorts import people_in
from growth.questions import ACTIVITY, FunnelQuestion, Population, RetentionQuestion, types_named
from telemetry.analysis.counts import people_active
from telemetry.analysis.funnel import FunnelCell, people_of_funnel
from telemetry.analysis.retention import people_of_retention
from telemetry.people.models import Person
from telemetry.segments.properties import PROPERTIES, people_who

#: By outcome, and whether any step is meant.
FUNNEL_TITLES = {
    ("reached", False): gettext_lazy("Reached step %(step)s, %(event)s"),
    ("dropped", False): gettext_lazy("Stopped before step %(step)s, %(event)s"),
    ("in_progress", False): gettext_lazy("On their way to step %(step)s, %(event)s"),
    ("dropped", True): gettext_lazy("Entered and stopped before the last step, %(event)s"),
    ("in_progress", True): gettext_lazy("Entered and still on their way to the last step, %(event)s"),
}


class Behind(Protocol):
    """A question whose answer is a list of people."""

    kind: ClassVar[str]

    @property
    def title(self) -> str:
        """What the people have in common."""

    def people(self) -> QuerySet[Person]:
        """The people, once each; the number that was opened is their count."""

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""


def within(population: Population, people: QuerySet[Person]) -> QuerySet[Person]:
    """Those of the people whom the population holds."""
    known = population.people()
    return people if known is None else people.filter(pk__in=known.values("pk"))


@dataclass(frozen=True, slots=True)
class Active:
    """Whoever used the product in `[start, end)`."""

    kind: ClassVar[str] = "active"
    start: datetime
    end: datetime
    population: Population

    @property
    def title(self) -> str:
        """What the people have in common."""
        return _("People who used the product")

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        active = people_active(types_named(ACTIVITY), self.start, self.end)
        return within(self.population, Person.objects.filter(pk__in=active))

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        return {"start": self.start.isoformat(), "end": self.end.isoformat(), **self.population.as_json()}


@dataclass(frozen=True, slots=True)
class SignedUp:
    """Whoever signed up, or else was first seen, in `[start, end)`."""

    kind: ClassVar[str] = "signed_up"
    start: datetime
    end: datetime
    population: Population

    @property
    def title(self) -> str:
        """What the people have in common."""
        return _("New people")

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        new = Person.objects.filter(signed_up_at__gte=self.start, signed_up_at__lt=self.end)
        return within(self.population, new)

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        return {"start": self.start.isoformat(), "end": self.end.isoformat(), **self.population.as_json()}


@dataclass(frozen=True, slots=True)
class Known:
    """Whoever a segment refresh has met."""

    kind: ClassVar[str] = "known"
    as_of: datetime
    reported_only: bool

    @property
    def title(self) -> str:
        """What the people have in common."""
        return _("People whom the last refresh knows")

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        return people_who(reported=self.reported_only)

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        return {"as_of": self.as_of.isoformat(), "reported_only": self.reported_only}


@dataclass(frozen=True, slots=True)
class Having:
    """Whoever has a segment property, as of the last refresh."""

    kind: ClassVar[str] = "segment"
    name: str
    value: str | bool
    as_of: datetime
    reported_only: bool

    @property
    def title(self) -> str:
        """What the people have in common."""
        declared = PROPERTIES[self.name]
        if declared.words:
            return f"{declared.label}: {dict(declared.words.choices)[str(self.value)]}"
        return f"{declared.label}: {_('yes') if self.value else _('no')}"

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        return people_who(reported=self.reported_only, **{self.name: self.value})

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        asked = {"property": self.name, "value": self.value, "as_of": self.as_of.isoformat()}
        return {**asked, "reported_only": self.reported_only}


@dataclass(frozen=True, slots=True)
class Member:
    """Whoever is in a cohort, as of the last refresh."""

    kind: ClassVar[str] = "cohort"
    slug: str
    as_of: datetime
    reported_only: bool

    @property
    def title(self) -> str:
        """What the people have in common."""
        return _("People of the cohort “%(cohort)s”") % {"cohort": self.slug.replace("-", " ")}

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        people = people_in(self.slug)
        return people.filter(pk__in=Person.objects.reported().values("pk")) if self.reported_only else people

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        return {"slug": self.slug, "as_of": self.as_of.isoformat(), "reported_only": self.reported_only}


@dataclass(frozen=True, slots=True)
class InFunnel:
    """Whoever came so far in a funnel, or stopped there."""

    kind: ClassVar[str] = "funnel"
    question: FunnelQuestion
    cell: FunnelCell

    @property
    def title(self) -> str:
        """What the people have in common."""
        step = self.cell.step or len(self.question.steps)
        event = self.question.steps[step - 1].event
        return FUNNEL_TITLES[self.cell.outcome, self.cell.step is None] % {"step": step, "event": event}

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        return Person.objects.filter(pk__in=people_of_funnel(self.question.spec(), self.cell))

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        cell = {"outcome": self.cell.outcome, "step": self.cell.step, "group": self.cell.group}
        return {"question": self.question.as_json(), **cell}


@dataclass(frozen=True, slots=True)
class InTriangle:
    """Whoever began in a cohort's period, or came back in the k-th period after it."""

    kind: ClassVar[str] = "retention"
    question: RetentionQuestion
    cohort: date
    k: int | None

    @property
    def title(self) -> str:
        """What the people have in common."""
        began = {"pace": self.question.period.value, "day": self.cohort.isoformat(), "k": self.k}
        if self.k is None:
            return _("Began in the %(pace)s of %(day)s") % began
        return _("Began in the %(pace)s of %(day)s, and were there in the %(pace)s +%(k)s") % began

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        return Person.objects.filter(pk__in=people_of_retention(self.question.spec(), self.cohort, self.k))

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        return {"question": self.question.as_json(), "cohort": self.cohort.isoformat(), "k": self.k}
