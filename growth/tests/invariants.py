"""What holds after every fault, whatever it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from donations.tests.invariants import assert_money
from referrals.tests.invariants import assert_credit, assert_rewards
from telemetry.tests import invariants as telemetry

ADDRESS = re.compile(r"(?<!celery)@[\w-]+(\.[\w-]+)+")
QUERY = re.compile(r"(GET|POST|PUT|DELETE) \S*\?")


def assert_invariants(now: datetime) -> None:
    """What holds of the rows, whatever happened.

    Ledgers come to what is projected (I1), money is whole and rewards once (I2), and of the rest what
    telemetry's own tests look at (I3 to I6).
    """
    telemetry.assert_invariants(now)
    assert_credit()
    assert_money()
    assert_rewards()


def assert_honest_answers(statuses: Iterable[int]) -> None:
    """I7: no 5xx but the fault's own 503."""
    assert {status for status in statuses if status >= 500} <= {503}


def assert_silent_log(lines: Iterable[str], secrets: Sequence[str]) -> None:
    """I8: no line holds a secret, an address or a query string."""
    for line in lines:
        assert not any(secret in line for secret in secrets), line
        assert not ADDRESS.search(line), line
        assert not QUERY.search(line), line
