"""A database without one of its promises, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models


@contextmanager
def without_uniqueness(model: type[models.Model]) -> Iterator[None]:
    """PostgreSQL takes two rows of the same ids; all of them are gone afterwards."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = %s::regclass AND contype = 'u'",
            [table],
        )
        unique = cursor.fetchall()
        for name, _definition in unique:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")
            for name, definition in unique:
                cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


@contextmanager
def without_constraint(model: type[models.Model], name: str) -> Iterator[None]:
    """PostgreSQL takes what a named constraint refuses; all rows, and what points to them, go afterwards."""
    rule = next(rule for rule in model._meta.constraints if rule.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, rule)
    try:
        yield
    finally:
        with connection.cursor() as cursor:  # a TRUNCATE passes what is protected and what is append-only
            cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")
        with connection.schema_editor() as editor:
            editor.add_constraint(model, rule)
