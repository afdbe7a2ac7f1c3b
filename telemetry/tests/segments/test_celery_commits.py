"""Fourteen years of commits to Celery: the segments equal what the standard library counts."""

import csv
import gzip
from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import pytest
from django.db.models import Count

from telemetry.log.models import Event, Origin, Project
from telemetry.log.vocabulary import type_ids
from telemetry.people.models import Person
from telemetry.segments.models import Segment
from telemetry.segments.properties import segment_counts
from telemetry.segments.refresh import refresh_segments

COMMITS = Path(__file__).parent.parent / "data" / "celery_commits.csv.gz"
MOMENTS = [
    datetime(year, month, 1, tzinfo=UTC) for year, month in ((2010, 1), (2013, 7), (2016, 11), (2021, 4))
]


@pytest.fixture(scope="module")
def commits():
    """Who committed when, and in which part of Celery."""
    with gzip.open(COMMITS, "rt") as file:
        return [
            (row["user"], datetime.fromisoformat(row["occurred_at"]), row["project"], row["id"])
            for row in csv.DictReader(file)
        ]


@pytest.fixture
def history(db, commits):
    """The commits as activity; a person signs up with the first."""
    first: dict[str, datetime] = {}
    for user, at, _project, _id in commits:
        first[user] = min(first.get(user, at), at)
    people = {user: Person(signed_up_at=at) for user, at in first.items()}
    Person.objects.bulk_create(people.values())
    projects = {name: Project(name=name) for name in sorted({commit[2] for commit in commits} - {""})}
    Project.objects.bulk_create(projects.values())
    (activity,) = type_ids("activity.logged")
    Event.objects.bulk_create(
        [
            Event(
                person=people[user],
                type_id=activity,
                occurred_at=at,
                project=projects.get(project),
                origin=Origin.CSV,
                key=blake2b(name.encode(), digest_size=16).digest(),
            )
            for user, at, project, name in commits
        ],
        batch_size=1000,
    )
    return people


def counted_by_hand(commits, as_of):
    """The words of everybody who had committed by then, in the order of the contract's table."""
    times: dict[str, list[datetime]] = defaultdict(list)
    projects: dict[str, set[str]] = defaultdict(set)
    for user, at, project, _id in commits:
        if at <= as_of:
            times[user].append(at)
            projects[user] |= {project} - {""}
    levels, trends, ages = Counter[str](), Counter[str](), Counter[str]()
    distinct = Counter[int]()
    for user, moments in times.items():
        moments.sort()
        n7, n30 = (len(moments) - bisect_right(moments, as_of - timedelta(days=days)) for days in (7, 30))
        level = next(
            word
            for floor, word in ((20, "very_high"), (10, "high"), (3, "medium"), (1, "low"), (0, "inactive"))
            if n7 >= floor
        )
        levels[level] += 1
        trends["increasing" if 4 * n7 > n30 else "decreasing" if 5 * n7 < n30 else "stable"] += 1
        days = (as_of - moments[0]) // timedelta(days=1)
        ages[
            "new" if days < 7 else "recent" if days < 30 else "established" if days < 180 else "long_term"
        ] += 1
        distinct[len(projects[user])] += 1
    return levels, trends, ages, distinct


@pytest.mark.parametrize("as_of", MOMENTS, ids=str)
def test_the_segments_equal_the_count_by_hand(history, commits, as_of):
    refresh_segments(now=MOMENTS[-1], as_of=as_of)

    levels, trends, ages, distinct = counted_by_hand(commits, as_of)
    groups = segment_counts().groups

    for name, by_hand in (
        ("engagement_level", levels),
        ("activity_trend", trends),
        ("account_age_category", ages),
    ):
        assert {group.value: group.size for group in groups[name] if group.size} == by_hand
    assert (
        dict(Segment.objects.values_list("total_projects_count").annotate(people=Count("pk")).order_by())
        == distinct
    )
