"""A query whose SQL is written once and run with one value after the other.

A query of many parts takes Django ten times as long to write as it takes the database to answer. What
stands on every page cannot afford that.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import Value
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=models.Model)


class Later(Value):
    """Where the value will stand."""

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        """A parameter that nothing else equals."""
        return "%s", [self]


class Prepared(Generic[Row]):
    """`build` makes the queryset of a value of `field`, and is called with something that stands for it.

    What it reads must not depend on anything but that value: it is called once a database.
    """

    def __init__(self, field: models.Field[Any, Any], build: Callable[[Later], models.QuerySet[Row]]) -> None:
        self.field = field
        self.build = build
        self.written = lru_cache(self._write)

    def first(self, value: Any, using: str = DEFAULT_DB_ALIAS) -> Row | None:
        """The first row for `value`; one query."""
        query = SimpleNamespace(get_compiler=lambda using: self._compiler(value, using))
        # All that Django's own way from rows to models asks of a queryset.
        queryset = SimpleNamespace(db=using, query=query, _known_related_objects={})
        return next(iter(ModelIterable(cast(Any, queryset))), None)

    def _write(self, using: str) -> tuple[SQLCompiler, str, tuple[Any, ...]]:
        query = self.build(Later(None, output_field=self.field)).order_by("pk")[:1].query
        compiler = query.get_compiler(using=using)
        sql, parameters = compiler.as_sql()
        return compiler, sql, tuple(parameters)

    def _compiler(self, value: Any, using: str) -> SQLCompiler:
        """A compiler that has written already; connections are a thread's own."""
        written, sql, parameters = self.written(using)
        compiler, connection = copy(written), connections[using]
        stated = self.field.get_db_prep_value(value, connection)
        filled = tuple(stated if isinstance(each, Later) else each for each in parameters)
        compiler.connection = connection
        compiler.as_sql = lambda *_args, **_kwargs: (sql, filled)  # type: ignore[method-assign]
        return compiler
