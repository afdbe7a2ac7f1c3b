"""What a new user reads first."""

import pytest

pytestmark = pytest.mark.chaos


def test_the_first_start_warns_of_nothing(house):
    said = "\n".join(house.lines())

    assert "ready." in said
    assert "Warning" not in said
    assert "WARN" not in said
    assert "superuser" not in said
    house.assert_invariants()
