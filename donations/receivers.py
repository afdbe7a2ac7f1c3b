"""What donations does when telemetry's signals tell it something: one line each."""

from __future__ import annotations

from datetime import datetime

from django.dispatch import receiver

from donations import joining, leaving
from telemetry.people.models import Person
from telemetry.signals import person_claimed, person_erased


@receiver(person_claimed)
def join_what_they_gave(source: Person, target: Person, at: datetime, **_kwargs: object) -> None:
    """What a visitor gave, the account's person gave."""
    joining.join(source, target, at=at)


@receiver(person_erased)
def end_what_they_pay(person: Person, at: datetime, **_kwargs: object) -> None:
    """Nobody goes on paying who is not here any more."""
    leaving.leave(person, at=at)
