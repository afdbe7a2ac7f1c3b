"""How many people have which word, and who they are."""

from datetime import timedelta

import pytest

from telemetry.people.models import KeptOut
from telemetry.segments.properties import segment_counts
from telemetry.tests.segments.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def three(somebody, happened, refreshed):
    """A new one by timer, an old one by hand, and a silent bot."""
    new, old, bot = somebody(DAY), somebody(), somebody(kept_out=KeptOut.BOT)
    for _ in range(3):
        happened(new, HOUR, source="timer")
    happened(old, DAY * 10, source="manual")
    refreshed()
    return new, old, bot


def sizes(counts, name):
    return {group.value: group.size for group in counts.groups[name]}


def test_everybody_is_counted_once_by_each_property(three):
    counts = segment_counts()

    assert counts.as_of == NOW
    assert sizes(counts, "engagement_level") == {
        "very_high": 0,
        "high": 0,
        "medium": 1,
        "low": 0,
        "inactive": 2,
    }
    assert sizes(counts, "activity_trend") == {"increasing": 1, "decreasing": 1, "stable": 1}
    assert sizes(counts, "preferred_tracking_method") == {"timer": 1, "mixed": 0, "manual": 1, "none": 1}
    assert sizes(counts, "account_age_category") == {"new": 1, "recent": 0, "established": 0, "long_term": 2}


@pytest.mark.parametrize("reported", [True, False])
def test_a_group_lists_as_many_people_as_it_counts(three, reported):
    for groups in segment_counts(reported=reported).groups.values():
        for group in groups:
            assert group.people().count() == group.size


def test_reports_leave_out_who_is_flagged(three):
    _new, old, _bot = three
    counts = segment_counts(reported=True)

    assert sizes(counts, "account_age_category")["long_term"] == 1
    (long_term,) = (group for group in counts.groups["account_age_category"] if group.value == "long_term")
    assert list(long_term.people()) == [old]


def test_it_takes_two_queries(three, django_assert_num_queries):
    with django_assert_num_queries(2):
        segment_counts()


def test_before_any_refresh_nobody_is_counted(db):
    counts = segment_counts()

    assert counts.as_of is None
    assert {group.size for groups in counts.groups.values() for group in groups} == {0}
