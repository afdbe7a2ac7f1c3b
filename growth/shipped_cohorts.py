"""The cohorts that come with Growth, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from growth.cohort_rules import Rule


@dataclass(frozen=True, slots=True)
class ShippedCohort:
    """A cohort by rules, all of which must hold."""

    slug: str
    name: Promise
    meaning: Promise
    rules: tuple[Rule, ...]


def _who(slug: str, name: Promise, meaning: Promise, **values: Any) -> ShippedCohort:
    return ShippedCohort(
        slug, name, meaning, tuple(Rule(each, "is", value) for each, value in values.items())
    )


SHIPPED = (
    _who(
        "very-high-engagement",
        _("Very high engagement"),
        _("20 entries or more in seven days"),
        engagement_level="very_high",
    ),
    _who(
        "high-engagement", _("High engagement"), _("10 to 19 entries in seven days"), engagement_level="high"
    ),
    _who(
        "medium-engagement",
        _("Medium engagement"),
        _("3 to 9 entries in seven days"),
        engagement_level="medium",
    ),
    _who("low-engagement", _("Low engagement"), _("1 or 2 entries in seven days"), engagement_level="low"),
    _who("inactive", _("Inactive"), _("No entry in seven days"), engagement_level="inactive"),
    _who("power-users", _("Power users"), _("10 entries or more in seven days"), is_power_user=True),
    _who("active-users", _("Active users"), _("Any entry in seven days"), is_active_user=True),
    _who("at-risk", _("At risk"), _("Entries before, none in seven days"), is_at_risk=True),
    _who(
        "timer-users",
        _("Timer users"),
        _("More than 70 % of their entries by timer"),
        preferred_tracking_method="timer",
    ),
    _who(
        "manual-users",
        _("Manual-entry users"),
        _("At most 30 % of their entries by timer"),
        preferred_tracking_method="manual",
    ),
    _who(
        "mixed-method-users",
        _("Mixed-method users"),
        _("Between 30 % and 70 % of their entries by timer"),
        preferred_tracking_method="mixed",
    ),
    _who("new-users", _("New users"), _("Signed up less than 7 days ago"), account_age_category="new"),
    _who("recent-users", _("Recent users"), _("Signed up 7 to 29 days ago"), account_age_category="recent"),
    _who(
        "established-users",
        _("Established users"),
        _("Signed up 30 to 179 days ago"),
        account_age_category="established",
    ),
    _who(
        "long-term-users",
        _("Long-term users"),
        _("Signed up 180 days ago or more"),
        account_age_category="long_term",
    ),
    _who("admins", _("Admins"), _("Staff of this installation"), is_admin=True),
    _who("regular-users", _("Regular users"), _("Everybody but admins"), is_admin=False),
    _who(
        "growing",
        _("Growing"),
        _("More in seven days than a quarter of thirty"),
        activity_trend="increasing",
    ),
    _who(
        "declining",
        _("Declining"),
        _("Less in seven days than a fifth of thirty"),
        activity_trend="decreasing",
    ),
    _who(
        "stable",
        _("Stable"),
        _("In seven days between a fifth and a quarter of thirty"),
        activity_trend="stable",
    ),
)
