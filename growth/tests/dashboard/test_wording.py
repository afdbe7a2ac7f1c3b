"""How figures are put into words."""

import pytest

from growth.dashboard.exports import neutral
from growth.dashboard.wording import change, duration, hundredths, percent, share


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (312, 278, "up 12.2 % (+34)"),
        (20, 40, "down 50.0 % (−20)"),  # noqa: RUF001
        (7, 7, "no change"),
        (7, 0, "up +7"),
        (0, 0, "no change"),
    ],
)
def test_a_change_has_a_word_and_a_sign(now, before, words):
    assert change(now, before) == words


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(1, 3, "33.3 %"), (2, 3, "66.7 %"), (1, 16, "6.3 %"), (0, 5, "0.0 %"), (5, 0, "–"), (None, 5, "–")],  # noqa: RUF001
)
def test_a_percentage_rounds_half_up_and_nothing_has_none(part, whole, words):
    assert percent(part, whole) == words


@pytest.mark.parametrize("whole", [3, 7, 16, 48, 80, 160, 400])
def test_a_share_is_worded_as_the_percentage_of_its_parts(whole):
    assert [share(part / whole) for part in range(whole)] == [percent(part, whole) for part in range(whole)]


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.125, "0.13"), (1.005, "1.01"), (2 / 3, "0.67"), (0.0, "0.00"), (12.0, "12.00"), (None, "–")],  # noqa: RUF001
)
def test_a_figure_has_two_places_rounded_half_up(value, words):
    assert hundredths(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (90_061, "1 d 1 h"),
        (14 * 86_400, "14 d"),
        (None, "–"),  # noqa: RUF001
    ],
)
def test_a_duration_has_its_two_largest_units(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_spreadsheet_runs_a_cell(cell):
    assert neutral(cell) == f"'{cell}"


def test_other_cells_stay_as_they_are():
    assert neutral("up 12 % (+34)") == "up 12 % (+34)"
