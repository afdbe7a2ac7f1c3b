"""The words for how somebody uses the product, each with the threshold that earns it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EngagementLevel(models.TextChoices):
    """How much somebody did in the last seven days."""

    VERY_HIGH = "very_high", _("Very high")
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")
    INACTIVE = "inactive", _("Inactive")

    @property
    def floor(self) -> int:
        """The fewest entries in seven days that earn this level."""
        return {"very_high": 20, "high": 10, "medium": 3, "low": 1, "inactive": 0}[self.value]


class ActivityTrend(models.TextChoices):
    """The last seven days beside the last thirty."""

    INCREASING = "increasing", _("Increasing")
    DECREASING = "decreasing", _("Decreasing")
    STABLE = "stable", _("Stable")

    @property
    def share(self) -> int:
        """Of the thirty days one part in so many: more in seven days is increasing, less decreasing.

        `KeyError` for stable, which lies between the two.
        """
        return {"increasing": 4, "decreasing": 5}[self.value]


class TrackingMethod(models.TextChoices):
    """By what somebody mostly records their time."""

    TIMER = "timer", _("Timer")
    MIXED = "mixed", _("Mixed")
    MANUAL = "manual", _("Manual entry")
    NONE = "none", _("None")

    @property
    def above_percent(self) -> int:
        """More than this percentage by timer earns the word; `KeyError` for manual and none."""
        return {"timer": 70, "mixed": 30}[self.value]


class AccountAge(models.TextChoices):
    """How long ago somebody signed up."""

    NEW = "new", _("New")
    RECENT = "recent", _("Recent")
    ESTABLISHED = "established", _("Established")
    LONG_TERM = "long_term", _("Long-term")

    @property
    def below_days(self) -> int | None:
        """Younger than this in whole days; None for the oldest."""
        return {"new": 7, "recent": 30, "established": 180}.get(self.value)


class Role(models.TextChoices):
    """What the account may do."""

    USER = "user", _("User")
    ADMIN = "admin", _("Admin")


class AuthMethod(models.TextChoices):
    """How the account signs in."""

    EMAIL_CODE = "email_code", _("Code by e-mail")
    PASSWORD = "password", _("Password")
