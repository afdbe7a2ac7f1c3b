"""Questions about people, and how people come to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models import Q

if TYPE_CHECKING:
    from telemetry.people.models import Person


class PersonQuerySet(models.QuerySet["Person", "Person"]):
    """People, in sentences."""

    def reported(self) -> PersonQuerySet:
        """Those whom reports count: neither staff nor flagged as bot or internal."""
        return self.filter(Q(account__isnull=True) | Q(account__is_staff=False), kept_out="")

    def called(self, name: str) -> PersonQuerySet:
        """The person whom the product calls `name`; else the one with that public id."""
        from uuid import UUID

        if "\0" in name:  # which PostgreSQL refuses even to look for
            return self.none()
        known = self.filter(aliases__kind="user", aliases__value=name)
        if known.exists():
            return known
        try:
            return self.filter(public_id=UUID(name))
        except ValueError:
            return self.none()

    def held(self, keys: Iterable[int]) -> set[int]:
        """Which of these people are still there; until the transaction ends, nobody erases one of them.

        They may still be written to: it is the hold of a row that points to them.
        """
        wanted = sorted(set(keys))
        if not wanted:
            return set()
        rows = self.filter(pk__in=wanted).order_by("pk").values_list("pk")
        statement, parameters = rows.query.sql_with_params()
        # SQLite's transactions begin IMMEDIATE, one writer after the other.
        lock = " FOR KEY SHARE" if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            cursor.execute(statement + lock, parameters)
            return {pk for (pk,) in cursor.fetchall()}

    def of_account(self, account: Any) -> Person:
        """The person of a signed-in account; made on first need."""
        person, _made = self.get_or_create(
            account=account, defaults={"signed_up_at": account.date_joined, "sign_up_stated": True}
        )
        return person
