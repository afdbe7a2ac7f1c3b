"""What somebody has had of the product: the figures beside the ask, and beside the thanks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from telemetry.people.models import Person

if TYPE_CHECKING:
    from donations.models.supporter import Supporter
    from telemetry.segments.models import Segment

A_DAY = timedelta(days=1)
HALF_A_TENTH, A_TENTH = 180, 360  # seconds of an hour


@dataclass(frozen=True, slots=True)
class UsageStats:
    """Hours with one decimal, entries, whole days since the sign-up, reports; zeros for who is not known."""

    total_hours: Decimal = Decimal("0.0")
    entries: int = 0
    days: int = 0
    reports: int = 0

    @classmethod
    def of(cls, person: Person, *, at: datetime) -> UsageStats:
        """From a person read with `segment` and `supporter`: no query then. As of the last refresh."""
        segment = cast("Segment | None", getattr(person, "segment", None))
        supporter = cast("Supporter | None", getattr(person, "supporter", None))
        return cls(
            total_hours=hours(segment.seconds_tracked) if segment else Decimal("0.0"),
            entries=segment.entries_all_time if segment else 0,
            days=days_since_sign_up(person, at) or 0,
            reports=supporter.reports_generated if supporter else 0,
        )

    @classmethod
    def of_account(cls, account_id: int | None, *, at: datetime) -> UsageStats:
        """Of the person of an account, by one query; zeros without one."""
        known = Person.objects.filter(account=account_id).select_related("segment", "supporter")
        person = known.first() if account_id is not None else None
        return cls() if person is None else cls.of(person, at=at)

    def as_columns(self) -> dict[str, Any]:
        """As an interaction keeps them."""
        return {
            "time_entries_count": self.entries,
            "days_since_signup": self.days,
            "total_hours": self.total_hours,
        }


def hours(seconds: int) -> Decimal:
    """Seconds as hours with one decimal, rounded half up."""
    return Decimal((seconds + HALF_A_TENTH) // A_TENTH).scaleb(-1)


def days_since_sign_up(person: Person, at: datetime) -> int | None:
    """Whole days, 0 at least; None while no sign-up is known."""
    return None if person.signed_up_at is None else max(0, (at - person.signed_up_at) // A_DAY)
