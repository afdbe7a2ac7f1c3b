"""Statements built of named pieces, each with its parameters in the order of its text."""

from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL; `%s` in its text stands for its parameters."""

    text: str
    params: tuple[Any, ...] = ()

    def raw(self) -> RawSQL:
        """This statement where a QuerySet takes an expression: `filter(pk__in=…)`."""
        return RawSQL(self.text, self.params)  # noqa: S611 - values are parameters

    def rows(self) -> list[tuple[Any, ...]]:
        """What the database answers."""
        with connection.cursor() as cursor:
            cursor.execute(self.text, self.params)
            return list(cursor.fetchall())


NOTHING = Sql("")
NO_NUMBER = Sql("CAST(NULL AS bigint)")
NO_TEXT = Sql("CAST(NULL AS text)")


def bound(value: object) -> Sql:
    """A value as a parameter."""
    return Sql("%s", (value,))


def compose(template: str, **parts: Sql | int) -> Sql:
    """The template with each `{name}` filled in; integers become literals, so that partial indexes match."""
    texts: list[str] = []
    params: list[Any] = []
    for literal, name, _, _ in Formatter().parse(template):
        texts.append(literal)
        if name is None:
            continue
        part = parts[name]
        if isinstance(part, int):
            texts.append(str(int(part)))
        else:
            texts.append(part.text)
            params.extend(part.params)
    return Sql("".join(texts), tuple(params))


def join(separator: str, pieces: Iterable[Sql]) -> Sql:
    """The pieces one after the other."""
    pieces = list(pieces)
    return Sql(
        separator.join(piece.text for piece in pieces), tuple(p for piece in pieces for p in piece.params)
    )


def subquery(queryset: QuerySet[Any]) -> Sql:
    """The primary keys of a queryset, as a SELECT; of an empty one too."""
    compiler = queryset.values("pk").query.get_compiler(using=connection.alias, elide_empty=False)
    text, params = compiler.as_sql()
    return Sql(text, tuple(params))


def on_postgresql() -> bool:
    """Whether the database is PostgreSQL; else it is SQLite."""
    return connection.vendor == "postgresql"


def by_bytes() -> Sql:
    """The collation that sorts text the same way on both databases."""
    return Sql('COLLATE "C"') if on_postgresql() else Sql("COLLATE BINARY")
