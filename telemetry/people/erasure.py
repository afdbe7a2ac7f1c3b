"""Erasing a person, and refusing what is replayed of them."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime
from functools import cache

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from telemetry.people.models import Person, Tombstone
from telemetry.people.registry import Entry, Subject, modules, register
from telemetry.signals import person_erased

Alias = tuple[str, str]
"""Kind and value of a `PersonAlias`."""


@transaction.atomic
def erase(person: Person, *, at: datetime) -> bool:
    """Delete a person, what they did, and their account; False when they are gone already.

    Apps that have to count or tidy up hear `person_erased` first; then the register says what is deleted
    and what is emptied. Of every alias stays a keyed digest with the time, by which a replay is refused.
    An account of staff stays: nobody who may erase people takes it from them by that.
    """
    _take_time()
    locked = Person.objects.select_for_update().filter(pk=person.pk).first()
    if locked is None:
        return False
    account = locked.account
    if account is not None and account.is_staff:
        account = None
    _erase(locked, account, at)
    if account is not None:
        account.delete()
    return True


@transaction.atomic
def erase_with_account(account: AbstractBaseUser, *, at: datetime) -> None:
    """Erase what hangs on an account that is being deleted: its person, if it has one, and its traces."""
    _take_time()
    _erase(Person.objects.select_for_update().filter(account=account.pk).first(), account, at)


def _erase(person: Person | None, account: AbstractBaseUser | None, at: datetime) -> None:
    subject = Subject(person, account)
    for _app, module in modules():
        for forget in getattr(module, "BEYOND_ROWS", ()):
            forget(subject)
    if person is not None:
        person_erased.send(sender=Person, person=person, at=at)
        _set_tombstones(person, at)
    _empty_or_delete(subject)
    if person is not None:
        person.delete()


def _empty_or_delete(subject: Subject) -> None:
    """All rows about somebody but the person and the account: emptied first, while names lead there."""
    entries = [entry for entry in register() if "pk" not in (entry.holding.person, entry.holding.account)]
    for entry in sorted(entries, key=lambda entry: not entry.holding.blanks):
        rows = entry.rows(subject)
        if entry.holding.blanks:
            rows.order_by().update(**_empty(entry))
        else:
            rows.delete()


def _empty(entry: Entry) -> dict[str, str | None]:
    """The values of emptied fields."""
    fields = map(entry.model._meta.get_field, entry.holding.blanks)
    return {field.name: None if field.null else "" for field in fields}


def _set_tombstones(person: Person, at: datetime) -> None:
    digests = {tombstone_digest(alias) for alias in person.aliases.values_list("kind", "value")}
    Tombstone.objects.bulk_create(
        [Tombstone(digest=digest, erased_at=at) for digest in sorted(digests)],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["erased_at"],
    )


def erased_since(aliases: Iterable[Alias]) -> dict[Alias, datetime]:
    """When the person of each alias was erased; aliases never erased are left out. One query.

    What happened at or before that moment must not be stored again.
    """
    by_digest = {tombstone_digest(alias): alias for alias in aliases}
    stones = Tombstone.objects.filter(digest__in=by_digest).values_list("digest", "erased_at")
    return {by_digest[bytes(digest)]: erased_at for digest, erased_at in stones}


def tombstone_digest(alias: Alias) -> bytes:
    """HMAC-SHA256 under the site's secret key: without it no alias can be tried against the tombstones."""
    kind, value = alias
    return hmac.digest(_key(settings.SECRET_KEY), f"{kind}:{value}".encode(), "sha256")


@cache
def _key(secret: str) -> bytes:
    """This purpose's own key; kept, since ingest digests hundreds of aliases at a time."""
    return salted_hmac("telemetry.people.tombstone", "", secret=secret, algorithm="sha256").digest()


def _take_time() -> None:
    """Let this transaction's statements take minutes.

    The log has no index that leads by person, so the database reads all of it to see that nothing
    points to a row which goes.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '5min'")
