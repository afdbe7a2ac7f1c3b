"""Instants: how a moment is stored, so that the same SQL text runs on both databases."""

from calendar import monthrange
from datetime import MINYEAR, UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable
from django.forms import DateTimeField as DateTimeFormField, Field as FormField

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MICROS_PER_SECOND = 1_000_000


def to_micros(at: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00Z of an aware datetime; `ValueError` for a naive one."""
    if at.utcoffset() is None:
        raise ValueError("An instant needs a time zone.")
    return (at - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of whole microseconds since 1970-01-01T00:00Z."""
    return EPOCH + timedelta(microseconds=micros)


def months_before(at: datetime, months: int) -> datetime | None:
    """The same day and time so many months earlier, or the month's last day; None before all years."""
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    if year < MINYEAR:
        return None
    day = min(at.day, monthrange(year, month + 1)[1])
    return at.astimezone(UTC).replace(year=year, month=month + 1, day=day)


class InstantField(models.BigIntegerField):  # type: ignore[type-arg]
    """An aware datetime in Python, whole microseconds UTC in the database.

    SQLite's own date functions stop at milliseconds, and Django's date arithmetic there is a Python
    call a row; integers make windows plain arithmetic on SQLite and PostgreSQL alike.
    """

    # What type checkers are told of the value in Python.
    _pyi_private_set_type: datetime | Combinable  # type: ignore[assignment]
    _pyi_private_get_type: datetime  # type: ignore[assignment]
    _pyi_lookup_exact_type: datetime | int  # type: ignore[assignment]

    description = "An instant, to the microsecond"

    def from_db_value(self, value: int | None, *_: object) -> datetime | None:
        """What the database holds, as Python sees it."""
        return None if value is None else from_micros(value)

    def to_python(self, value: Any) -> datetime | None:
        """A datetime from a form, a fixture or the database."""
        if value is None or isinstance(value, datetime):
            return value
        if isinstance(value, int):
            return from_micros(value)
        parsed = datetime.fromisoformat(str(value))
        if parsed.utcoffset() is None:
            raise ValidationError("An instant needs a time zone.", code="naive")
        return parsed

    def get_prep_value(self, value: Any) -> Any:
        """What the database is asked to hold; integers (of window arithmetic) pass as they are."""
        if isinstance(value, datetime):
            return to_micros(value)
        return super().get_prep_value(value)

    def value_to_string(self, obj: models.Model) -> str:
        """The ISO form, for fixtures."""
        value = self.value_from_object(obj)
        return "" if value is None else value.isoformat()

    def formfield(self, **kwargs: Any) -> FormField | None:
        """A date and time input."""
        return models.Field.formfield(self, **{"form_class": DateTimeFormField, **kwargs})
