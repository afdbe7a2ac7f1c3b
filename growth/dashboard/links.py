"""Links behind numbers: the whole question as JSON in the URL, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.core.validators import slug_re
from django.urls import reverse
from rest_framework.exceptions import ValidationError

from donations.revenue import By, Which
from donations.standing import Support
from growth.api.serializers import FunnelSerializer, RetentionSerializer
from growth.cohorts import UnknownCohort, UnreadableCohort
from growth.dashboard.behind import (
    FUNNEL_TITLES,
    Active,
    Behind,
    Having,
    InFunnel,
    InTriangle,
    Known,
    Member,
    SignedUp,
)
from growth.dashboard.behind_referrals import TITLES as REFERRED, Brought, Rewarded
from growth.dashboard.behind_support import TRIED, InArm, InSeveralArms, Payers, Supports, Touched
from growth.questions import Population
from referrals.codes import normalised
from telemetry.analysis.funnel import FunnelCell
from telemetry.analysis.refusal import QuestionRefused
from telemetry.log import strict_json
from telemetry.segments.properties import PROPERTIES

LONGEST_QUESTION = 20_000


class BadQuestion(Exception):
    """A link whose question cannot be read."""


def link(behind: Behind, view: str = "people_behind") -> str:
    """The address of the people behind a number."""
    asked = json.dumps({"kind": behind.kind, **behind.as_json()}, separators=(",", ":"))
    return f"{reverse(f'admin:{view}')}?{urlencode({'q': asked})}"


def read_link(raw: str, now: datetime) -> Behind:
    """The question of a link; `BadQuestion` when it is none."""
    if len(raw) > LONGEST_QUESTION:
        raise BadQuestion
    try:
        asked = strict_json.read(raw.encode())
        behind = READERS[asked.pop("kind")](asked, now)
        behind.people()  # a cell that its question does not have is refused here
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadQuestion from error
    except (ValidationError, UnknownCohort, UnreadableCohort, QuestionRefused) as error:
        raise BadQuestion from error
    return behind


def an_instant(raw: Any) -> datetime:
    """An aware datetime that other zones can tell, too; `ValueError` for any other."""
    at = datetime.fromisoformat(str(raw))
    if at.utcoffset() is None or not 1970 <= at.year <= 9998:
        raise ValueError(raw)
    return at


def a_population(asked: Mapping[str, Any]) -> Population:
    """Whom the question is about; `UnknownCohort` for a slug nobody made."""
    if asked["cohort"] is not None and not slug_re.match(asked["cohort"]):
        raise BadQuestion
    population = Population(cohort=asked["cohort"], reported_only=asked["reported_only"] is True)
    population.people()
    return population


def read_active(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever used the product."""
    return Active(an_instant(asked["start"]), an_instant(asked["end"]), a_population(asked))


def read_signed_up(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever is new."""
    return SignedUp(an_instant(asked["start"]), an_instant(asked["end"]), a_population(asked))


def read_having(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever has a segment property."""
    name, value = asked["property"], asked["value"]
    words = PROPERTIES[name].words
    if not (value in words.values if words else isinstance(value, bool)):
        raise BadQuestion
    return Having(name, value, an_instant(asked["as_of"]), asked["reported_only"] is True)


def read_known(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever a refresh has met."""
    return Known(an_instant(asked["as_of"]), asked["reported_only"] is True)


def read_member(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever is in a cohort."""
    population = a_population({"cohort": str(asked["slug"]), "reported_only": asked["reported_only"]})
    return Member(str(population.cohort), an_instant(asked["as_of"]), population.reported_only)


def read_in_funnel(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever came so far in a funnel."""
    serializer = FunnelSerializer(data=asked["question"], context={"now": now})
    serializer.is_valid(raise_exception=True)
    question, cell = serializer.question, FunnelCell(asked["outcome"], asked["step"], asked["group"])
    if (cell.outcome, cell.step is None) not in FUNNEL_TITLES or not isinstance(cell.group, str | None):
        raise BadQuestion
    if "\0" in (cell.group or ""):
        raise BadQuestion
    if cell.step is not None and (type(cell.step) is not int or not 1 <= cell.step <= len(question.steps)):
        raise BadQuestion
    return InFunnel(question, cell)


def read_in_triangle(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever is behind a cell of the triangle."""
    serializer = RetentionSerializer(data=asked["question"], context={"now": now})
    serializer.is_valid(raise_exception=True)
    question, k = serializer.question, asked["k"]
    if k is not None and (type(k) is not int or not 0 <= k < question.periods):
        raise BadQuestion
    return InTriangle(question, date.fromisoformat(asked["cohort"]), k)


def read_payers(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever paid."""
    value = asked["value"]
    if not isinstance(value, str | None) or "\0" in f"{value}{asked['currency']}":
        raise BadQuestion
    f"{value}{asked['currency']}".encode()  # half a surrogate is no text: `ValueError`
    start, end = an_instant(asked["start"]), an_instant(asked["end"])
    return Payers(start, end, Which(asked["which"]), str(asked["currency"]), By(asked["by"]), value)


def read_touched(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever met a surface of the ask."""
    start, end, among = an_instant(asked["start"]), an_instant(asked["end"]), a_population(asked)
    return Touched(start, end, str(asked["what"]), str(asked["surface"]), among)


def read_supports(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever supports the product."""
    return Supports(Support(asked["how"]), an_instant(asked["as_of"]), a_population(asked))


def read_in_arm(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever saw an arm."""
    experiment, arm, step = asked["experiment"], asked["arm"], asked["step"]
    if not (slug_re.match(experiment) and slug_re.match(arm) and (step is None or step in TRIED)):
        raise BadQuestion
    start, end, as_of = (an_instant(asked[name]) for name in ("start", "end", "as_of"))
    return InArm(experiment, arm, step, start, end, as_of, a_population(asked))


def read_in_several_arms(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever saw more than one arm."""
    if not slug_re.match(asked["experiment"]):
        raise BadQuestion
    return InSeveralArms(asked["experiment"])


def read_brought(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever came by a link."""
    code, step = asked["code"], asked["step"]
    if step not in REFERRED or not (code is None or normalised(code) == code):
        raise BadQuestion
    start, end, as_of = (an_instant(asked[name]) for name in ("start", "end", "as_of"))
    return Brought(step, start, end, as_of, a_population(asked), code)


def read_rewarded(asked: dict[str, Any], now: datetime) -> Behind:
    """Whoever was given days for an introduction."""
    start, end, as_of = (an_instant(asked[name]) for name in ("start", "end", "as_of"))
    return Rewarded(start, end, as_of, a_population(asked))


READERS: dict[str, Callable[[dict[str, Any], datetime], Behind]] = {
    Active.kind: read_active,
    SignedUp.kind: read_signed_up,
    Having.kind: read_having,
    Known.kind: read_known,
    Member.kind: read_member,
    InFunnel.kind: read_in_funnel,
    InTriangle.kind: read_in_triangle,
    Payers.kind: read_payers,
    Touched.kind: read_touched,
    Supports.kind: read_supports,
    InArm.kind: read_in_arm,
    InSeveralArms.kind: read_in_several_arms,
    Brought.kind: read_brought,
    Rewarded.kind: read_rewarded,
}
