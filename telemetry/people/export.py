"""Everything that is kept of a person, for them to read: driven by the register."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from django.db import models
from django.utils.translation import gettext as _

from telemetry.people.models import Person
from telemetry.people.registry import Entry, Holds, Subject, register

#: Rows that are in memory at a time.
CHUNK = 500

Row = dict[str, Any]
AnyField: TypeAlias = "models.Field[Any, Any]"
#: What JSON holds as it is.
PLAIN = (str, int, float, list, dict, type(None))


def export_of(person: Person) -> dict[str, Any]:
    """Every row about the person, by model: `{"person": …, "events": [{…}, …], …}`, ready for JSON.

    For somebody with a long life take `export_lines`, which holds a few rows at a time.
    """
    return {"person": str(person.public_id)} | {title: list(rows) for title, rows in sections(person)}


def export_lines(person: Person) -> Iterator[str]:
    """The same as the pieces of one JSON text, a row a line."""
    yield f'{{"person": "{person.public_id}"'
    for title, rows in sections(person):
        yield f",\n{json.dumps(title, ensure_ascii=False)}: ["
        for number, row in enumerate(rows):
            yield f"{',' if number else ''}\n{json.dumps(row, ensure_ascii=False)}"
        yield "]"
    yield "}\n"


def sections(person: Person) -> Iterator[tuple[str, Iterator[Row]]]:
    """Each model's rows under a name that people read; none is left out, whether it has rows or not."""
    subject = Subject(person, person.account)
    for entry in register():
        yield title_of(entry), rows_of(entry, subject)


def title_of(entry: Entry) -> str:
    """What the rows are called, told apart by their app: `growth: accounts`."""
    meta = entry.model._meta
    return f"{meta.app_config.verbose_name}: {meta.verbose_name_plural}"


def rows_of(entry: Entry, subject: Subject) -> Iterator[Row]:
    """What one model holds of somebody, a row at a time."""
    meta = entry.model._meta
    about_people = {other.model for other in register()}
    fields = [
        Told(field, entry.holding.classes[field.name], is_word=_is_word(field, about_people))
        for field in (*meta.concrete_fields, *meta.local_many_to_many)
    ]
    found = entry.rows(subject)
    if words := [told.field.name for told in fields if told.is_word and not told.field.many_to_many]:
        found = found.select_related(*words)
    for row in found.iterator(chunk_size=CHUNK):
        yield {told.field.name: told.of(row) for told in fields}


def _is_word(field: AnyField, about_people: set[type[models.Model]]) -> bool:
    """Whether it points into a dictionary, such as the types of events, whose words people can read."""
    return field.related_model is not None and field.related_model not in about_people


@dataclass(frozen=True, slots=True)
class Told:
    """How one field is told: a word instead of its key, and of a secret only that there is one."""

    field: AnyField
    holds: Holds
    is_word: bool

    def of(self, row: models.Model) -> Any:
        """The field of this row as JSON holds it."""
        if self.field.many_to_many:
            return [str(one) for one in getattr(row, self.field.name).all()]
        value = getattr(row, self.field.name if self.is_word else self.field.attname)
        if value is not None and self.holds is Holds.SECRET:
            return _("kept secret")
        if isinstance(value, int) and self.field.choices:
            return str(dict(self.field.flatchoices).get(value, value))
        return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value if isinstance(value, PLAIN) else str(value)
