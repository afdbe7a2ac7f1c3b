"""What is kept of people and why, told from the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from telemetry.log.events import LegalBasis, TrackedEvent, declared

CONSENT = _("consent, Art. 6(1)(a)")
ONLY_WITH_A_YES = (_("Only if you say yes"), _("Which pages you open, and what you use there."))
WHY: dict[LegalBasis, tuple[Any, Any]] = {
    LegalBasis.CONTRACT: (
        _("To do what you came for"),
        _("Records of the service itself: without them it could not work for you."),
    ),
    LegalBasis.OBLIGATION: (
        _("Because the law asks for it"),
        _("Books that have to be kept, such as payments."),
    ),
    LegalBasis.INTEREST: (
        _("To run it well"),
        _("What we need to know to keep the product going, weighed against your interests."),
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    """An event, by its name and in its first sentence."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Events that are kept for one reason, and the article of the law that `basis` names."""

    title: str
    why: str
    basis: str
    events: tuple[Told, ...]


def collected() -> tuple[Kept, ...]:
    """Every declared event once, under the reason for which it is kept; what a yes allows comes first."""
    events = sorted(declared(), key=lambda event: event.name)
    asked = tuple(told(event) for event in events if not event.service_record)
    title, why = ONLY_WITH_A_YES
    groups = [Kept(str(title), str(why), str(CONSENT), asked)]
    for basis, (title, why) in WHY.items():
        based = (event for event in events if event.service_record and event.legal_basis == basis)
        groups.append(Kept(str(title), str(why), str(basis), tuple(map(told, based))))
    return tuple(group for group in groups if group.events)


def told(event: type[TrackedEvent]) -> Told:
    """The event as people read of it."""
    paragraph = " ".join(event.meaning.partition("\n\n")[0].split())
    sentence, stop, _rest = paragraph.partition(". ")
    return Told(event.name, sentence + stop.strip())
