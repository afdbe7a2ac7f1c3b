"""Which arm a unit falls into."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from telemetry.experiments.buckets import BUCKETS, bucket, chosen

UNITS = 100_000
#: χ² of two degrees of freedom is above this in one case of a thousand.
CHI2_2 = 13.816
#: The standard normal is beyond this, either way, in one case of a thousand.
Z = 3.2905


@pytest.mark.parametrize(
    ("salt", "shares", "arms"),
    [
        ("exp-1", (0.803417, 0.954227, 0.419707, 0.219704, 0.734708, 0.859128), "BBAABB"),
        ("exp-2", None, "BBABAA"),
    ],
)
def test_worked_numbers(salt, shares, arms):
    buckets = [bucket(salt, str(unit)) for unit in range(1, 7)]

    assert "".join("AB"[chosen(each, (1, 1))] for each in buckets) == arms
    if shares is not None:
        assert tuple(round(each / BUCKETS, 6) for each in buckets) == shares


def test_a_hundred_thousand_units_over_two_arms():
    counts = Counter(chosen(bucket("exp-1", str(unit)), (1, 1)) for unit in range(1, UNITS + 1))

    assert counts == {0: 50_243, 1: 49_757}


def test_three_equal_arms_are_equally_full():
    counts = Counter(chosen(bucket("support_hero", str(unit)), (1, 1, 1)) for unit in range(UNITS))
    expected = UNITS / 3

    assert sum((counts[arm] - expected) ** 2 / expected for arm in range(3)) < CHI2_2


def test_two_experiments_agree_as_often_as_chance():
    def arms(salt):
        return [chosen(bucket(salt, str(unit)), (1, 1, 1)) for unit in range(UNITS)]

    agreed = sum(one == other for one, other in zip(arms("one"), arms("other"), strict=True))

    deviation = (UNITS * (1 / 3) * (2 / 3)) ** 0.5
    assert abs(agreed - UNITS / 3) < Z * deviation


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, BUCKETS - 1),
    st.lists(st.integers(0, 10_000), min_size=1, max_size=6).filter(sum),
)
def test_every_bucket_has_an_arm_of_some_weight(position, weights):
    assert weights[chosen(position, weights)] > 0


def test_the_parts_follow_each_other_without_a_gap():
    edges = [0, 1, BUCKETS // 4 - 1, BUCKETS // 4, BUCKETS // 2 - 1, BUCKETS // 2, BUCKETS - 1]

    assert [chosen(position, (1, 1, 2)) for position in edges] == [0, 0, 0, 1, 1, 2, 2]
    assert all(one < other for one, other in pairwise(edges))


def test_without_any_weight_there_is_no_arm():
    with pytest.raises(ValueError, match="weight"):
        chosen(0, (0, 0))
