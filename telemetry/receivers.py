"""What the rooms do when telemetry's own signals, or Django's, tell them something: one line each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver
from django.utils import timezone

from telemetry.consent import answers
from telemetry.experiments.models import Assignment, Exposure
from telemetry.log import vocabulary
from telemetry.log.models import Event, EventType
from telemetry.people.erasure import erase_with_account
from telemetry.people.models import Person
from telemetry.segments.models import SegmentRefresh, SegmentWatermark
from telemetry.signals import person_claimed, person_erased


@receiver([post_save, post_delete], sender=EventType)
def read_the_vocabulary_again(**_kwargs: Any) -> None:
    """A word came, changed or went."""
    vocabulary.forget()


@receiver(pre_save, sender=EventType)
def recount_everybody(instance: EventType, **_kwargs: Any) -> None:
    """What counts as use is about to change, and with it everybody's numbers."""
    if EventType.objects.filter(pk=instance.pk).exclude(counts_as_use=instance.counts_as_use).exists():
        SegmentWatermark.objects.update(needs_full=True)


@receiver(person_claimed)
def move_the_events(source: Person, target: Person, **_kwargs: Any) -> None:
    """What the visitor did, the account's person did."""
    Event.objects.of(source).update(person=target)


@receiver(person_claimed)
def join_the_answers(source: Person, target: Person, at: datetime, **_kwargs: Any) -> None:
    """What the visitor said of being measured counts for the account; a no of either stays."""
    answers.join(source, target, at=at)


@receiver(person_claimed)
def join_the_arms(source: Person, target: Person, **_kwargs: Any) -> None:
    """The arm that the account's person has stays theirs."""
    Assignment.objects.move(source, target)


@receiver(person_claimed)
def join_what_they_saw(source: Person, target: Person, **_kwargs: Any) -> None:
    """Who saw one arm as a visitor and another signed in saw both."""
    Exposure.objects.move(source, target)


@receiver(person_claimed)
def recount_both(source: Person, target: Person, at: datetime, **_kwargs: Any) -> None:
    """Their numbers moved with the events."""
    SegmentRefresh.objects.queue(source, at)
    SegmentRefresh.objects.queue(target, at)


@receiver(person_erased)
def erase_the_events(person: Person, **_kwargs: Any) -> None:
    """What they did is deleted with them."""
    Event.objects.erase(person)


@receiver(pre_delete, sender=get_user_model())
def erase_the_person_of_an_account(instance: Any, **_kwargs: Any) -> None:
    """Deleting an account erases its person."""
    erase_with_account(instance, at=timezone.now())
