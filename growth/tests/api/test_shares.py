"""Rates in answers have four decimals, rounded half up."""

import pytest

from growth.api.answers import share


@pytest.mark.parametrize(
    ("rate", "answered"),
    [
        (None, None),
        (1 / 3, 0.3333),
        (2 / 3, 0.6667),
        (1.0, 1.0),
        (0.0, 0.0),
        (0.00005, 0.0001),
        (0.12345, 0.1235),
    ],
)
def test_a_rate_is_rounded_half_up(rate, answered):
    assert share(rate) == answered
