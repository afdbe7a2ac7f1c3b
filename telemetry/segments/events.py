"""What segments tell the log."""

from dataclasses import dataclass

from telemetry.log.events import TrackedEvent


@dataclass(frozen=True)
class PersonDescribed(TrackedEvent, name="person.described", written_by="server"):
    """How somebody uses the product, by their segment: told when they are identified, once a day."""

    engagement_level: str
    activity_trend: str
    preferred_tracking_method: str
    account_age_category: str
    auth_method: str | None
    role: str
    entries_last_7_days: int
    entries_last_30_days: int
    entries_all_time: int
    is_at_risk: bool
    is_power_user: bool
