"""What the reader chose: everything the dashboard depends on, as it stands in the URL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from donations.revenue import By
from growth.dashboard.period import DAY, Clock, Period, Preset, midnight, preset_period
from growth.questions import Population
from telemetry.analysis.retention import Mode, Period as Pace

EARLIEST_DAY = date(1970, 1, 1)
LATEST_DAY = date(2999, 12, 31)


class ScopeForm(forms.Form):
    """The query string; whatever cannot be read falls back to its default, with a word about it."""

    period = forms.ChoiceField(choices=Preset.choices, required=False)
    first = forms.DateField(label=_("From"), required=False)
    last = forms.DateField(label=_("To"), required=False)
    as_of = forms.DateField(label=_("As of the end of"), required=False)
    complete = forms.ChoiceField(choices=[("1", _("yes")), ("0", _("no"))], required=False)
    leave_out = forms.ChoiceField(choices=[("1", _("yes")), ("0", _("no"))], required=False)
    funnel = forms.SlugField(max_length=64, required=False)
    by = forms.SlugField(max_length=64, required=False)
    money_by = forms.ChoiceField(choices=By.choices, required=False)
    experiment = forms.SlugField(max_length=64, required=False)
    pace = forms.ChoiceField(choices=[("", "")] + [(pace.value, pace.value) for pace in Pace], required=False)
    mode = forms.ChoiceField(choices=[(mode.value, mode.value) for mode in Mode], required=False)

    def clean_as_of(self) -> date | None:
        """A day that has begun."""
        return self.a_day("as_of")

    def clean_first(self) -> date | None:
        """A day that a calendar of events can hold."""
        return self.a_day("first")

    def clean_last(self) -> date | None:
        """A day that a calendar of events can hold."""
        return self.a_day("last")

    def a_day(self, name: str) -> date | None:
        """The day of a field, unless it is centuries off."""
        day: date | None = self.cleaned_data[name]
        if day and not EARLIEST_DAY <= day <= LATEST_DAY:
            raise forms.ValidationError(_("Choose a day between 1970 and 2999."))
        return day

    def clean(self) -> dict[str, Any]:
        """A range does not end before it begins."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day lies before the first."))
        return cleaned


@dataclass(frozen=True, slots=True)
class Scope:
    """A reading of the dashboard."""

    preset: Preset
    period: Period
    as_of_day: date | None
    complete: bool
    reported_only: bool
    funnel: str
    by: str
    money_by: By
    experiment: str
    pace: Pace
    mode: Mode
    chosen: tuple[tuple[str, str], ...]
    problems: tuple[str, ...] = ()

    @property
    def as_of(self) -> datetime:
        """The moment nothing after which is known."""
        return self.period.clock.as_of

    @property
    def zone(self) -> ZoneInfo:
        """The calendar of the days."""
        return self.period.clock.zone

    @property
    def population(self) -> Population:
        """Whom the figures are about."""
        return Population(reported_only=self.reported_only)

    @property
    def previous(self) -> Period | None:
        """The days compared with; None when all of time is looked at."""
        return None if self.preset == Preset.ALL else self.period.previous

    def query(self, **changes: str) -> str:
        """The query string of the same reading with some choices changed; "" takes one back."""
        return urlencode({name: value for name, value in (dict(self.chosen) | changes).items() if value})


def a_pace(chosen: str, period: Period) -> Pace:
    """The chosen calendar unit, else the one in which the period has a readable number of rows."""
    if chosen:
        return Pace(chosen)
    if period.days <= 14:
        return Pace.DAY
    return Pace.WEEK if period.days <= 120 else Pace.MONTH


def read_scope(query: QueryDict, now: datetime, beginning: Callable[[], date]) -> Scope:
    """The reading that a query string asks for.

    `beginning` tells the first day anything is known of; it is asked only when all of time is wanted.
    """
    form = ScopeForm(query)
    form.is_valid()
    chosen = form.cleaned_data
    zone = ZoneInfo(settings.TIME_ZONE)
    as_of_day = chosen.get("as_of")
    ends = midnight(as_of_day + DAY, zone) if as_of_day else now
    clock = Clock(min(ends, now).astimezone(UTC), zone)
    complete = chosen.get("complete") != "0"
    preset, period = a_period(chosen, clock, complete, beginning)
    return Scope(
        preset=preset,
        period=period,
        as_of_day=as_of_day,
        complete=complete,
        reported_only=chosen.get("leave_out") != "0",
        funnel=chosen.get("funnel") or "",
        by=chosen.get("by") or "",
        money_by=By(chosen.get("money_by") or By.PLACEMENT.value),
        experiment=chosen.get("experiment") or "",
        pace=a_pace(chosen.get("pace") or "", period),
        mode=Mode(chosen.get("mode") or Mode.ON.value),
        chosen=tuple((name, str(query[name])) for name in form.fields if name in query and name in chosen),
        problems=tuple(str(message) for messages in form.errors.values() for message in messages),
    )


def a_period(
    chosen: dict[str, Any], clock: Clock, complete: bool, beginning: Callable[[], date]
) -> tuple[Preset, Period]:
    """The chosen preset and its days; 28 days when nothing readable was chosen."""
    preset = Preset(chosen.get("period") or Preset.FOUR_WEEKS)
    if preset != Preset.CUSTOM:
        first_day = beginning() if preset == Preset.ALL else clock.today
        return preset, preset_period(preset, clock, complete=complete, beginning=first_day)
    default = preset_period(Preset.FOUR_WEEKS, clock, complete=complete, beginning=clock.today)
    until = clock.last_complete_day if complete else clock.today
    last = min(chosen.get("last") or until, until)
    first = min(chosen.get("first") or default.first, last + DAY)
    period = replace(default, first=first, last=last)
    return preset, period
