"""13,145 real contributions: our answers and those of the standard library alone, from the same file."""

import csv
import gzip
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from telemetry.analysis.funnel import FunnelSpec, Step, funnel
from telemetry.analysis.retention import Anchor, Mode, Period, RetentionSpec, retention
from telemetry.models import EventType

FILE = Path(__file__).parents[1] / "data" / "celery_commits.csv.gz"
WINDOW = timedelta(days=30)
START, END = datetime(2011, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class Contribution(NamedTuple):
    """A line of the file."""

    at: datetime
    line: int
    project: str
    source: str


def contributions() -> dict[str, list[Contribution]]:
    """Everybody's lines in the order of time, those of one instant in the order of the file."""
    found = defaultdict(list)
    with gzip.open(FILE, "rt", newline="") as file:
        for number, line in enumerate(csv.DictReader(file)):
            at = datetime.fromisoformat(line["occurred_at"]).astimezone(UTC)
            found[line["user"]].append(Contribution(at, number, line["project"], line["source"]))
    return {user: sorted(c for c in lines if c.at <= AS_OF) for user, lines in found.items()}


def best_attempt(
    lines: list[Contribution], steps: list[Callable[[Contribution], bool]]
) -> list[Contribution] | None:
    """The winner among the attempts from every entry of a person."""
    rows = [[line for line in lines if is_step(line)] for is_step in steps]
    attempts = []
    for entry in rows[0][bisect_left(rows[0], (START,)) : bisect_left(rows[0], (END,))]:
        attempt = [entry]
        for following in rows[1:]:
            place = bisect_right(following, attempt[-1])
            if place == len(following) or following[place].at > entry.at + WINDOW:
                break
            attempt.append(following[place])
        attempts.append(attempt)
    last_entry_first = sorted(attempts, key=lambda attempt: attempt[0][:2], reverse=True)
    return min(last_entry_first, key=lambda a: (-len(a), a[-1].at, -a[0].at.timestamp()), default=None)


@pytest.fixture
def activity(db) -> int:
    """The file in the log; the key of its event type."""
    call_command("import_events", str(FILE), verbosity=0)
    return EventType.objects.get(name="activity.logged").pk


def question(*steps: Step, breakdown: str | None = None) -> FunnelSpec:
    return FunnelSpec(steps, WINDOW, START, END, AS_OF, breakdown)


def test_who_goes_from_the_core_to_another_part_and_on_to_a_merge(activity):
    everybody = contributions()
    parts = {line.project for lines in everybody.values() for line in lines} - {"", "celery"}

    report = funnel(
        question(
            Step("core", (activity,), {"project": ("celery",), "source": ("commit",)}),
            Step("another part", (activity,), {"project": tuple(sorted(parts))}),
            Step("merge", (activity,), {"source": ("merge",)}),
        )
    )

    steps = [
        lambda line: line.project == "celery" and line.source == "commit",
        lambda line: line.project in parts,
        lambda line: line.source == "merge",
    ]
    winners = [won for lines in everybody.values() if (won := best_attempt(lines, steps))]
    assert [step.reached for step in report.steps] == [sum(len(w) > n for w in winners) for n in range(3)]
    assert report.entered > 500
    assert report.converted > 5
    for number, step in enumerate(report.steps[1:], start=1):
        times = [(w[number].at - w[0].at).total_seconds() for w in winners if len(w) > number]
        waits = [(w[number].at - w[number - 1].at).total_seconds() for w in winners if len(w) > number]
        assert step.median_seconds_from_entry == median(times)
        assert step.median_seconds_from_previous == median(waits)


def test_which_part_people_come_from_when_they_merge(activity):
    is_commit, is_merge = (lambda line: line.source == "commit"), (lambda line: line.source == "merge")

    report = funnel(
        question(
            Step("commit", (activity,), {"source": ("commit",)}),
            Step("merge", (activity,), {"source": ("merge",)}),
            breakdown="project",
        )
    )

    lines_of_all = contributions().values()
    winners = [won for lines in lines_of_all if (won := best_attempt(lines, [is_commit, is_merge]))]
    entered = Counter(won[0].project or None for won in winners)
    merged = Counter(won[0].project or None for won in winners if len(won) == 2)
    named = {group.value: (group.steps[0].reached, group.steps[1].reached) for group in report.groups[:20]}
    assert named == {project: (entered[project], merged[project]) for project in named}
    assert sorted(entered.values(), reverse=True)[:20] == [of_group[0] for of_group in named.values()]
    assert sum(group.steps[0].reached for group in report.groups) == len(winners)
    assert sum(group.steps[1].reached for group in report.groups) == sum(merged.values())
    assert len(named) > 10


@pytest.mark.parametrize("mode", list(Mode))
def test_the_monthly_triangle_of_first_contributions(activity, mode):
    report = retention(
        RetentionSpec(
            cohort_types=(activity,),
            return_types=(activity,),
            period=Period.MONTH,
            periods=12,
            mode=mode,
            anchor=Anchor.FIRST_EVER,
            start=datetime(2015, 1, 1, tzinfo=BERLIN),
            end=datetime(2026, 8, 1, tzinfo=BERLIN),
            as_of=AS_OF,
            time_zone="Europe/Berlin",
        )
    )

    members: dict[int, list[set[int]]] = defaultdict(list)
    for lines in contributions().values():
        months = [_month(line.at) for line in lines]
        if months:
            members[months[0]].append(set(months))
    assert len(report.rows) == 139
    for row in report.rows:
        month = _month(datetime.combine(row.cohort, datetime.min.time(), tzinfo=BERLIN))
        cohort = members[month]
        expected = [
            (
                sum(m + k in seen if mode is Mode.ON else max(seen) >= m + k for seen in cohort)
                if _begins(m + k + 1) <= AS_OF
                else None
            )
            for m, k in ((month, k) for k in range(12))
        ]
        assert row.size == len(cohort)
        assert list(row.retained) == expected


def _month(at: datetime) -> int:
    local = at.astimezone(BERLIN)
    return local.year * 12 + local.month - 1


def _begins(month: int) -> datetime:
    day = date(month // 12, month % 12 + 1, 1)
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN)
