"""The segment properties, each declared once: how it is called, what it may be, and how SQL reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

from django.db.models import F, TextChoices
from django.db.models.expressions import BaseExpression, Combinable
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telemetry.segments import expressions as sql
from telemetry.segments.levels import (
    AccountAge,
    ActivityTrend,
    AuthMethod,
    EngagementLevel,
    Role,
    TrackingMethod,
)

Expression: TypeAlias = BaseExpression | Combinable
LIMIT = 2**31


class Kind(Enum):
    """What a property's value is, in an answer and in a rule."""

    COUNT = _("a whole number")
    NUMBER = _("a number")
    FLAG = _("true or false")
    WORD = _("one of its words")
    INSTANT = _("a moment")


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that a segment says of a person; `words` are its choices."""

    name: str
    label: Promise
    kind: Kind
    expression: Expression
    words: type[TextChoices] | None = None

    def reads(self, value: object) -> bool:
        """Whether a rule may compare the property with this value."""
        if self.words:
            return value in self.words.values
        if self.kind is Kind.FLAG:
            return isinstance(value, bool)
        number = int if self.kind is Kind.COUNT else int | float
        # A greater one than a column holds would fail in the database; a NaN is not below anything.
        return (
            self.is_number
            and isinstance(value, number)
            and not isinstance(value, bool)
            and abs(value) < LIMIT
        )

    @property
    def accepted(self) -> str:
        """What a rule may compare the property with, in words."""
        return ", ".join(self.words.values) if self.words else str(self.kind.value)

    @property
    def is_number(self) -> bool:
        """Whether its values have an order that a rule may ask for."""
        return self.kind in (Kind.COUNT, Kind.NUMBER)


def _count(name: str, label: Promise, expression: Expression | None = None) -> Property:
    return Property(name, label, Kind.COUNT, F(name) if expression is None else expression)


def _number(name: str, label: Promise, expression: Expression) -> Property:
    return Property(name, label, Kind.NUMBER, expression)


def _flag(name: str, label: Promise, expression: Expression) -> Property:
    return Property(name, label, Kind.FLAG, expression)


def _moment(name: str, label: Promise, expression: Expression) -> Property:
    return Property(name, label, Kind.INSTANT, expression)


def _word(name: str, label: Promise, expression: Expression, words: type[TextChoices]) -> Property:
    return Property(name, label, Kind.WORD, expression, words)


DECLARED = (
    _count("entries_last_24h", _("Entries in the last 24 hours")),
    _count("entries_last_7_days", _("Entries in the last 7 days")),
    _count("entries_last_30_days", _("Entries in the last 30 days")),
    _count("entries_all_time", _("Entries ever")),
    _word("engagement_level", _("Engagement level"), sql.LEVEL, EngagementLevel),
    _word("activity_trend", _("Activity trend"), sql.TREND, ActivityTrend),
    _flag("is_active_user", _("Active user"), sql.IS_ACTIVE),
    _flag("is_power_user", _("Power user"), sql.IS_POWER),
    _flag("is_at_risk", _("At risk"), sql.IS_AT_RISK),
    _count("active_projects_count", _("Projects of the last 30 days")),
    _count("total_projects_count", _("Projects ever")),
    _count("timer_entries_count", _("Entries by timer")),
    _count("manual_entries_count", _("Entries by hand")),
    _number("timer_usage_percent", _("Share of the timer, percent"), sql.TIMER_PERCENT),
    _word("preferred_tracking_method", _("Tracking method"), sql.METHOD, TrackingMethod),
    _number("total_hours_tracked", _("Hours tracked"), sql.HOURS),
    _flag("uses_timer", _("Uses the timer"), sql.USES_TIMER),
    _flag("uses_manual_entry", _("Enters by hand"), sql.USES_MANUAL),
    _count("assigned_tasks_count", _("Tasks assigned and not completed"), sql.OPEN_TASKS),
    _count("completed_tasks_count", _("Tasks completed"), F("tasks_completed")),
    _count("account_age_days", _("Account age, days"), sql.AGE),
    _word("account_age_category", _("Account age"), sql.AGE_WORD, AccountAge),
    _flag("is_new_user", _("New user"), sql.IS_NEW),
    _flag("is_established_user", _("Established user"), sql.IS_ESTABLISHED),
    _count("days_since_last_login", _("Days since the last login"), sql.DAYS_SINCE_LOGIN),
    _moment("last_login", _("Last login"), F("last_login_event_at")),
    _word("role", _("Role"), sql.ROLE, Role),
    _flag("is_admin", _("Admin"), sql.IS_ADMIN),
    _word("auth_method", _("Signs in by"), sql.AUTH_METHOD, AuthMethod),
    _moment("last_segment_update", _("As of"), sql.LAST_UPDATE),
)
#: By name.
PROPERTIES: Mapping[str, Property] = MappingProxyType({each.name: each for each in DECLARED})
