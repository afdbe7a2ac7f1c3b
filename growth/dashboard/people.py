"""The list of people behind a number: who stands in it, and what is said of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from growth.cohorts import in_words
from growth.dashboard.behind import Behind
from growth.dashboard.reader import Reader
from growth.dashboard.wording import UNKNOWN, day, duration, grouped, moment
from telemetry.people.models import Person, PersonAlias
from telemetry.segments.models import Segment, SegmentWatermark

BATCH = 1000
DESCRIBING = ("engagement_level", "account_age_category", "is_admin")
NUMBERS = ("entries_last_7_days", "entries_last_30_days", "entries_all_time")


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of the list; `own_id`, what the product calls them, is None for who may not see it."""

    pk: int
    public_id: str
    own_id: str | None
    description: str
    signed_up: str
    numbers: tuple[int | None, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """The person as a row of text."""
        known = (self.public_id,) if self.own_id is None else (self.public_id, self.own_id)
        numbers = (UNKNOWN if number is None else str(number) for number in self.numbers)
        return (*known, self.description, self.signed_up, *numbers)

    @property
    def shown_numbers(self) -> tuple[str, ...]:
        """The numbers with their thousands apart."""
        return tuple(UNKNOWN if number is None else grouped(number) for number in self.numbers)


def header(reader: Reader) -> tuple[str, ...]:
    """The names of the columns that the reader sees."""
    own_id = (_("Product's id"),) if sees_own_ids(reader) else ()
    numbers = (_("7 days"), _("30 days"), _("Ever"))
    return (_("Public id"), *own_id, _("Description"), _("Signed up"), *numbers)


def sees_own_ids(reader: Reader) -> bool:
    """Whether the reader may see what the product calls people."""
    return reader.may("telemetry.view_personalias")


def in_order(behind: Behind) -> QuerySet[Person]:
    """The people behind a number, in the order in which they became known."""
    return behind.people().order_by("pk")


def listed(people: Sequence[Person], reader: Reader) -> list[Listed]:
    """What the list says of these people: two queries for all of them."""
    keys = [person.pk for person in people]
    read = (
        Segment.objects.with_properties(*DESCRIBING).filter(pk__in=keys).values("pk", *DESCRIBING, *NUMBERS)
    )
    segments = {segment["pk"]: segment for segment in read}
    names: dict[int, str] | None = None
    if sees_own_ids(reader):
        aliases = PersonAlias.objects.filter(person_id__in=keys, kind=PersonAlias.Kind.USER).order_by("-pk")
        names = dict(aliases.values_list("person_id", "value"))
    return [a_line(person, segments.get(person.pk), names) for person in people]


def a_line(person: Person, segment: dict[str, Any] | None, names: dict[int, str] | None) -> Listed:
    """One person; en dashes where no refresh has met them yet."""
    numbers = tuple(None if segment is None else segment[name] for name in NUMBERS)
    signed_up = person.signed_up_at
    return Listed(
        pk=person.pk,
        public_id=str(person.public_id),
        own_id=None if names is None else names.get(person.pk, UNKNOWN),
        description=UNKNOWN if segment is None else in_words(segment),
        signed_up=day(signed_up.astimezone(ZoneInfo(settings.TIME_ZONE)).date()) if signed_up else UNKNOWN,
        numbers=numbers,
    )


def all_listed(people: Iterable[Person], reader: Reader) -> Iterator[Listed]:
    """The same for any number of people, batch by batch."""
    left = iter(people)
    while batch := list(islice(left, BATCH)):
        yield from listed(batch, reader)


def facts(behind: Behind) -> tuple[tuple[str, str], ...]:
    """What a question fixes, in words: its days, its moment, whom it is about."""
    asked = behind.as_json()
    fixed = {**asked, **asked.get("question", {})}
    zone, refreshed = ZoneInfo(settings.TIME_ZONE), SegmentWatermark.objects.as_of()

    def at(name: str) -> str:
        return moment(datetime.fromisoformat(fixed[name]), zone)

    return (
        *([(_("from"), at("start")), (_("to"), at("end"))] if "start" in fixed else []),
        *([(_("as of"), at("as_of"))] if "as_of" in fixed else []),
        *([(_("window"), duration(fixed["window_seconds"]))] if "window_seconds" in fixed else []),
        *([(_("group"), str(fixed["group"]))] if fixed.get("group") is not None else []),
        (_("segments as of"), moment(refreshed, zone) if refreshed else UNKNOWN),
        (_("time zone"), zone.key),
        (_("staff and flagged people"), _("left out") if fixed["reported_only"] else _("included")),
    )
