"""What the queue does when people withdraw, turn out to be others, or are erased: one line each."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from telemetry.delivery.models import Delivery
from telemetry.people.models import Person
from telemetry.signals import consent_withdrawn, person_claimed, person_erased


@receiver(consent_withdrawn)
def drop_what_they_no_longer_allow(person: Person, **_kwargs: Any) -> None:
    """They said no: nothing of theirs that waits leaves."""
    Delivery.objects.of(person).drop("consent_withdrawn")


@receiver(person_claimed)
def move_what_waits(source: Person, target: Person, **_kwargs: Any) -> None:
    """What the visitor did, the account's person did; whether it may leave is asked again."""
    Delivery.objects.of(source).update(person=target)


@receiver(person_erased)
def drop_what_was_theirs(person: Person, **_kwargs: Any) -> None:
    """Nothing of somebody erased leaves."""
    Delivery.objects.of(person).drop("erased")
