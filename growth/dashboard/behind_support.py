"""The people behind the numbers of support: who paid, followed an ask, supports, was in an arm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _, gettext_lazy

from donations.clickthrough import SURFACES, people_who
from donations.revenue import By, Which, payers
from donations.standing import Support, supporting
from growth.questions import Population, types_named
from telemetry.experiments.models import Experiment, Exposure
from telemetry.experiments.outcomes import Trial, people_of
from telemetry.people.models import Person

SURFACES_BY_KEY = {surface.key: surface for surface in SURFACES}
WHAT = {
    "seen": gettext_lazy("Saw: %(surface)s"),
    "dismissed": gettext_lazy("Dismissed: %(surface)s"),
    "followed": gettext_lazy("Followed: %(surface)s"),
    "both": gettext_lazy("Saw and followed: %(surface)s"),
}
#: What somebody may do after they saw an arm, by the event that tells of it.
TRIED = {
    "opened": ("support.modal_opened", gettext_lazy("Dialog opened")),
    "chose": ("support.donation_clicked", gettext_lazy("Amount chosen")),
    "began": ("support.checkout_started", gettext_lazy("Checkout started")),
    "paid": ("support.payment_succeeded", gettext_lazy("Paid")),
}

#: What must be held to see these people, beside the permission to see people.
NEEDED = {"payers": "growth.view_money"}


def span(start: datetime, end: datetime) -> dict[str, str]:
    """The days of a question, as a link carries them."""
    return {"start": start.isoformat(), "end": end.isoformat()}


@dataclass(frozen=True, slots=True)
class Payers:
    """Whoever paid in `[start, end)` in a currency; staff, too, since money is money."""

    kind: ClassVar[str] = "payers"
    start: datetime
    end: datetime
    which: Which
    currency: str
    by: By
    value: str | None

    @property
    def title(self) -> str:
        """What the people have in common."""
        if self.value is None:
            return f"{self.which.label}, {self.currency.upper()}"
        return f"{self.which.label}, {self.currency.upper()}, {self.by.label}: {self.value or _('none')}"

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        fixed = {} if self.value is None else {self.by.value: self.value}
        return payers(self.start, self.end, self.which, currency=self.currency, **fixed)

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        asked = {"which": self.which.value, "currency": self.currency, "by": self.by.value}
        return {**span(self.start, self.end), **asked, "value": self.value, "reported_only": False}


@dataclass(frozen=True, slots=True)
class Touched:
    """Whoever saw, dismissed or followed one surface of the ask in `[start, end)`."""

    kind: ClassVar[str] = "touched"
    start: datetime
    end: datetime
    what: str
    surface: str
    population: Population

    @property
    def title(self) -> str:
        """What the people have in common."""
        return str(WHAT[self.what]) % {"surface": SURFACES_BY_KEY[self.surface].name}

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        surface, among = SURFACES_BY_KEY[self.surface], self.population.people()
        return people_who(self.what, surface, self.start, self.end, among)

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        asked = {"what": self.what, "surface": self.surface}
        return {**span(self.start, self.end), **asked, **self.population.as_json()}


@dataclass(frozen=True, slots=True)
class Supports:
    """Whoever supports the product in one way at a moment."""

    kind: ClassVar[str] = "supports"
    how: Support
    as_of: datetime
    population: Population

    @property
    def title(self) -> str:
        """What the people have in common."""
        return _("Supporters: %(how)s") % {"how": self.how.label}

    def people(self) -> QuerySet[Person]:
        """The people, once each."""
        return supporting(self.how, self.as_of, self.population.people())

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        asked = {"how": self.how.value, "as_of": self.as_of.isoformat()}
        return {**asked, **self.population.as_json()}


@dataclass(frozen=True, slots=True)
class InSeveralArms:
    """Whoever ever saw more than one arm of an experiment, and is left out of it."""

    kind: ClassVar[str] = "several-arms"
    experiment: str

    @property
    def title(self) -> str:
        """What the people have in common."""
        return _("%(experiment)s: saw several arms") % {"experiment": self.experiment}

    def people(self) -> QuerySet[Person]:
        """The people, once each; nobody for an experiment that nobody made."""
        experiment = Experiment.objects.filter(key=self.experiment).first()
        if experiment is None:
            return Person.objects.none()
        return Person.objects.filter(pk__in=Exposure.objects.multiply_exposed(experiment))

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        return {"experiment": self.experiment, "reported_only": False}


@dataclass(frozen=True, slots=True)
class InArm:
    """Whoever first saw an arm in `[start, end)`, and took the step of `TRIED`, if any, by `as_of`."""

    kind: ClassVar[str] = "arm"
    experiment: str
    arm: str
    step: str | None
    start: datetime
    end: datetime
    as_of: datetime
    population: Population

    @property
    def title(self) -> str:
        """What the people have in common."""
        did = TRIED[self.step][1] if self.step else _("saw it")
        return f"{self.experiment}, {self.arm}: {did}"

    def people(self) -> QuerySet[Person]:
        """The people, once each; nobody for an experiment that nobody made."""
        experiment = Experiment.objects.filter(key=self.experiment).first()
        if experiment is None:
            return Person.objects.none()
        trial = Trial(experiment, self.start, self.end, self.as_of, self.population.people())
        return people_of(trial, self.arm, types_named(TRIED[self.step][0]) if self.step else None)

    def as_json(self) -> dict[str, Any]:
        """The whole question, as a link carries it."""
        asked = {"experiment": self.experiment, "arm": self.arm, "step": self.step}
        as_of = {"as_of": self.as_of.isoformat()}
        return {**span(self.start, self.end), **as_of, **asked, **self.population.as_json()}
