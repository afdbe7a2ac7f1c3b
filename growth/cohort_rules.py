"""What a cohort asks of a person: rules over the segment properties, all of which must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from telemetry.segments.properties import PROPERTIES, Kind, Property

#: How a rule compares, by the word that says so, as a look-up of the database.
COMPARISONS = {"is": "exact", "at_least": "gte", "at_most": "lte", "in": "in"}
ORDERED = ("at_least", "at_most")
#: More would be no cohort that anybody understands; SQLite gives up at a thousand.
MOST_RULES = 50


@dataclass(frozen=True, slots=True)
class Rule:
    """One property compared with a value; of `in`, with several."""

    name: str
    comparison: str
    value: Any

    @property
    def condition(self) -> Q:
        """The rule over segments that carry the property."""
        return Q(**{f"{self.name}__{COMPARISONS[self.comparison]}": self.value})


def all_of(rules: Sequence[Rule]) -> Q:
    """The condition that every rule holds."""
    return Q(*(rule.condition for rule in rules))


def parse_rules(data: object) -> tuple[Rule, ...]:
    """The rules of their stored form `[{"property": "engagement_level", "is": "high"}, …]`.

    Raises `ValidationError` with one message for each rule that cannot be understood.
    """
    if not isinstance(data, list):
        raise ValidationError(_('Rules are a list: [{"property": "engagement_level", "is": "high"}].'))
    if len(data) > MOST_RULES:
        raise ValidationError(_("A cohort has %(most)d rules at most.") % {"most": MOST_RULES})
    rules, errors = [], []
    for number, each in enumerate(data, start=1):
        try:
            rules.append(_parse(each))
        except ValidationError as error:
            errors += [
                _("Rule %(number)d: %(why)s") % {"number": number, "why": why} for why in error.messages
            ]
    if errors:
        raise ValidationError(errors)
    return tuple(rules)


def _parse(data: object) -> Rule:
    if not isinstance(data, dict) or "property" not in data or len(data) != 2:
        raise ValidationError(
            _('a rule names a "property" and one of %(words)s.')
            % {"words": get_text_list([f'"{word}"' for word in COMPARISONS], _("or"))}
        )
    name = data["property"]
    if not isinstance(name, str) or name not in PROPERTIES:
        raise ValidationError(_("no property is called %(name)s.") % {"name": repr(name)})
    (comparison,) = data.keys() - {"property"}
    if comparison not in COMPARISONS:
        raise ValidationError(_("no comparison is called %(name)s.") % {"name": repr(comparison)})
    return _checked(PROPERTIES[name], comparison, data[comparison])


def _checked(each: Property, comparison: str, value: object) -> Rule:
    if each.kind is Kind.INSTANT:
        raise ValidationError(_("%(name)s is a moment and no part of a rule.") % {"name": each.name})
    if comparison in ORDERED and not each.is_number:
        raise ValidationError(
            _("%(name)s is %(kind)s and has no order.") % {"name": each.name, "kind": each.kind.value}
        )
    if comparison == "in" and not (isinstance(value, list) and value):
        raise ValidationError(_('"in" takes a list of values.'))
    values = value if comparison == "in" and isinstance(value, list) else [value]
    wrong = [one for one in values if not each.reads(one)]
    if wrong:
        raise ValidationError(
            _("%(name)s takes %(accepted)s, not %(value)s.")
            % {"name": each.name, "accepted": each.accepted, "value": repr(wrong[0])}
        )
    return Rule(each.name, comparison, value)
