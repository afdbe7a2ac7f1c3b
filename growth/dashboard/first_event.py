"""Whether the log has anything to say about the chosen days, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Min, QuerySet
from django.utils import timezone

from growth.dashboard.period import Period
from growth.events import LoggedIn, SignedUp
from telemetry.log.models import Event
from telemetry.log.vocabulary import type_ids


def product_events() -> QuerySet[Event]:
    """Everything but sign-ups and logins: staff's own are there before the product has sent anything."""
    return Event.objects.exclude(type_id__in=type_ids(SignedUp.name, LoggedIn.name))


def first_day() -> date:
    """The day of the earliest event in the project's calendar; today when there is none."""
    earliest: datetime | None = product_events().aggregate(at=Min("occurred_at"))["at"]
    return (earliest or timezone.now()).astimezone(ZoneInfo(settings.TIME_ZONE)).date()


@dataclass(frozen=True, slots=True)
class State:
    """Why a whole page is empty: `no-data`, `before-first`, `no-days`; "" when it is not."""

    name: str = ""
    first_day: date | None = None


def state_of(period: Period) -> State:
    """What the log has for the days; one indexed query unless they lie before what was ingested first."""
    stored_first = product_events().order_by("pk").values_list("occurred_at", flat=True).first()
    if stored_first is None:
        return State("no-data")
    if not period.days:
        return State("no-days")
    if period.end <= stored_first and period.last < (earliest := first_day()):
        return State("before-first", earliest)
    return State()
