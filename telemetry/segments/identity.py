"""Who somebody is to the product, and what their segment says of them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from telemetry.log.track import track
from telemetry.people.claim import bind
from telemetry.people.models import Person
from telemetry.segments.events import PersonDescribed
from telemetry.segments.models import Segment


@transaction.atomic
def identify(account: AbstractBaseUser, *, at: datetime, external_id: str = "") -> Person:
    """Say who is at work: the account's person afterwards, with what came under `external_id` before.

    `external_id`: what the product calls the account, if it has a name of its own for it. What the segment
    says of the person is told with it, if they said yes.
    """
    if external_id:
        person = bind(account, external_id=external_id, at=at)
    else:
        person = Person.objects.of_account(account)
    describe(person, at=at)
    return person


def describe(person: Person, *, at: datetime) -> bool:
    """Tell what the last refresh found of somebody: once a day, and only with their yes; False otherwise."""
    names = [field.name for field in fields(PersonDescribed)]
    found = Segment.objects.filter(person=person).with_properties(*names).values(*names).first()
    if found is None:  # no refresh has met them yet
        return False
    day = timezone.localdate(at, timezone.get_default_timezone()).isoformat()
    return track(person, PersonDescribed(**found), at=at, key=f"{PersonDescribed.name}:{person.pk}:{day}")
