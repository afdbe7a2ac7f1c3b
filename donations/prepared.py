"""A query whose SQL is written once and run with one value after the other.

A query of many parts takes Django ten times as long to write as it takes the database to answer it, and
PostgreSQL twice as long to plan. What stands on every page cannot afford that.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast
from weakref import WeakSet

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
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
        """The first row for `value`; one query, and once a connection of PostgreSQL's its preparation."""
        query = SimpleNamespace(get_compiler=lambda using: self._compiler(value, using))
        # All that Django's own way from rows to models asks of a queryset.
        queryset = SimpleNamespace(db=using, query=query, _known_related_objects={})
        return next(iter(ModelIterable(cast(Any, queryset))), None)

    def _write(self, using: str) -> Written:
        query = self.build(Later(None, output_field=self.field)).order_by("pk")[:1].query
        compiler = query.get_compiler(using=using)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_rest in compiler.select])
        return Written(compiler, sql, tuple(parameters), converters)

    def _compiler(self, value: Any, using: str) -> SQLCompiler:
        """A compiler that has written already; connections are a thread's own."""
        written, connection = self.written(using), connections[using]
        stated = self.field.get_db_prep_value(value, connection)
        if plans_for_good(connection):
            statement = written.prepared_in(connection, self.field), (stated,)
        else:
            statement = written.sql, written.filled(stated)
        compiler = copy(written.compiler)
        compiler.connection = connection
        compiler.as_sql = lambda *_args, **_kwargs: statement  # type: ignore[method-assign]
        compiler.get_converters = lambda *_args: written.converters  # type: ignore[method-assign]
        return compiler


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """What Django makes of a query, and in which sessions of PostgreSQL it is planned already."""

    compiler: SQLCompiler
    sql: str
    parameters: tuple[Any, ...]
    converters: dict[int, Any]
    sessions: WeakSet[Any] = field(default_factory=WeakSet)

    def filled(self, value: Any) -> tuple[Any, ...]:
        """The parameters, with the value where it stands."""
        return tuple(value if isinstance(each, Later) else each for each in self.parameters)

    def prepared_in(self, connection: BaseDatabaseWrapper, of: models.Field[Any, Any]) -> str:
        """The statement that runs it in the connection's session, where it is prepared at the first time."""
        name = f"prepared_{id(self)}"
        connection.ensure_connection()
        session = connection.connection
        if session not in self.sessions:
            places = iter("$1" if isinstance(each, Later) else "%s" for each in self.parameters)
            text = "".join(part + next(places, "") for part in self.sql.split("%s"))
            fixed = [each for each in self.parameters if not isinstance(each, Later)]
            with connection.wrap_database_errors:
                session.execute(f"PREPARE {name} ({of.cast_db_type(connection)}) AS {text}", fixed)
            self.sessions.add(session)
        return f"EXECUTE {name} (%s)"


def plans_for_good(connection: BaseDatabaseWrapper) -> bool:
    """Whether a session is ours from one statement to the next: not behind a pooler of transactions."""
    return connection.vendor == "postgresql" and not connection.settings_dict.get(
        "DISABLE_SERVER_SIDE_CURSORS"
    )
