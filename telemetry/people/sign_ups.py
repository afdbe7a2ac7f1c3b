"""What the product tells of its users: when they signed up, and where they live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from telemetry.people.models import Person, PersonAlias

USER = PersonAlias.Kind.USER


@transaction.atomic
def person_of_user(user: str) -> Person:
    """The person whom the product calls `user`; made on first need, once however many ask at a time."""
    alias = PersonAlias.objects.select_related("person").filter(kind=USER, value=user).first()
    if alias is not None:
        return alias.person
    made = Person.objects.create()
    alias, is_new = PersonAlias.objects.get_or_create(kind=USER, value=user, defaults={"person": made})
    if not is_new:
        made.delete()
    return alias.person


def state(person: Person, *, signed_up_at: datetime | None = None, time_zone: str | None = None) -> Person:
    """Record what is told of a person, and answer them as they are now; None leaves a thing as it is."""
    told: dict[str, object] = {}
    if signed_up_at is not None:
        told |= {"signed_up_at": signed_up_at, "sign_up_stated": True}
    if time_zone is not None:
        told["time_zone"] = time_zone
    Person.objects.filter(pk=person.pk).update(**told)
    person.refresh_from_db()
    return person


@transaction.atomic
def state_sign_ups(stated: Mapping[str, datetime], *, told_before: bool = False) -> set[str]:
    """Record when users signed up, by the product's own ids; the users of whom another moment stays known.

    Unknown users are left out. The latest statement wins, and events move it no more; what was
    `told_before` is no later statement, and counts only where none was kept.
    """
    users = dict(PersonAlias.objects.filter(kind=USER, value__in=stated).values_list("person_id", "value"))
    people = Person.objects.select_for_update().filter(pk__in=users).order_by("pk")
    changed, left = [], set()
    for person in people:
        user = users[person.pk]
        if person.sign_up_stated and person.signed_up_at == stated[user]:
            continue
        if person.sign_up_stated and told_before:
            left.add(user)
            continue
        person.signed_up_at, person.sign_up_stated = stated[user], True
        changed.append(person)
    Person.objects.bulk_update(changed, ["signed_up_at", "sign_up_stated"])
    return left
