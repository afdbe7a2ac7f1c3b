"""How a visitor, or somebody whom another program spoke of, turns out to be an account's person."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from telemetry.people.models import Person, PersonAlias
from telemetry.signals import person_claimed

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


@transaction.atomic
def claim(visitor_person: Person, account: AbstractBaseUser, *, at: datetime) -> Person:
    """Make the visitor's person the account's, once and one way; the account's person afterwards.

    An account without a person takes the visitor's, and nothing moves. Else what the visitor did moves
    to the account's person, and the visitor's stays as an empty row: an event on its way to it still
    finds somebody. A person of another account, or claimed before, is left alone (shared computers).
    `at`: when the account signed up or in; becomes the sign-up of a person for whom none was stated.
    """
    # No stronger lock: an event on its way to one of them, which has moved the sign-up of the other, must not
    # wait for this, while this waits for it.
    both = Person.objects.select_for_update(no_key=True).filter(Q(pk=visitor_person.pk) | Q(account=account))
    locked = {person.pk: person for person in both.order_by("pk")}
    source = locked.get(visitor_person.pk)
    target = next((person for person in locked.values() if person.account_id == account.pk), None)
    if source is None or source == target or not _is_free(source):
        return target or Person.objects.of_account(account)
    if target is None:
        return _attach(source, account, at)
    _merge(source, target, at)
    return target


@transaction.atomic
def bind(account: AbstractBaseUser, *, external_id: str, at: datetime) -> Person:
    """Say that the product calls this account `external_id`; the account's person afterwards.

    What came under that id before is claimed as in `claim`; an id that is another account's stays theirs.
    """
    alias = PersonAlias.objects.filter(kind=PersonAlias.Kind.USER, value=external_id).first()
    if alias is None:
        alias, _made = PersonAlias.objects.get_or_create(
            kind=PersonAlias.Kind.USER,
            value=external_id,
            defaults={"person": Person.objects.of_account(account)},
        )
    return claim(alias.person, account, at=at)


def _is_free(person: Person) -> bool:
    """Whether nobody has claimed the person: no account has it, and it still has its names."""
    return person.account_id is None and person.aliases.exists()


def _attach(person: Person, account: AbstractBaseUser, at: datetime) -> Person:
    if not person.sign_up_stated:
        person.signed_up_at, person.sign_up_stated = at, True
    person.account_id = account.pk
    person.save(update_fields=["account", "signed_up_at", "sign_up_stated"])
    return person


def _merge(source: Person, target: Person, at: datetime) -> None:
    person_claimed.send(sender=Person, source=source, target=target, at=at)
    source.aliases.update(person=target)
    _know_what_both_knew(source, target)
    target.save(update_fields=["signed_up_at", "sign_up_stated", "time_zone", "kept_out"])
    source.signed_up_at, source.sign_up_stated = None, False
    source.save(update_fields=["signed_up_at", "sign_up_stated"])


def _know_what_both_knew(source: Person, target: Person) -> None:
    """A stated sign-up wins over an event's, an earlier one over a later; who is kept out stays out."""
    stated = [person for person in (source, target) if person.sign_up_stated]
    known = [person.signed_up_at for person in stated or (source, target) if person.signed_up_at is not None]
    target.signed_up_at = min(known, default=None)
    target.sign_up_stated = bool(stated)
    target.time_zone = target.time_zone or source.time_zone
    target.kept_out = target.kept_out or source.kept_out
