"""A friend who pays at the offline Stripe, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from donations.development.telling import Told
from donations.tests.conftest import stripe  # noqa: F401 - a fixture
from donations.tests.money.conftest import deliver, shop, work  # noqa: F401 - a fixture and two verbs
from referrals.models import Referral
from referrals.tests.conftest import introduced, somebody
from telemetry.people.models import Person
from telemetry.tests.operations.conftest import rings  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def _nobody_rings(rings: list[str]) -> None:  # noqa: F811
    """No broker is needed."""


def just_brought(referrer: Person | None = None) -> Referral:
    """A friend who came by a link two hours ago."""
    return introduced(referrer or somebody(), at=timezone.now())


@pytest.fixture
def brought(db: None) -> Referral:
    """A friend who came by a link two hours ago."""
    return just_brought()


@pytest.fixture
def ada(brought: Referral) -> Person | None:
    """Who brought them."""
    return brought.referrer


@pytest.fixture
def bob(brought: Referral) -> Person | None:
    """Who came."""
    return brought.referred


@pytest.fixture
def happen() -> Callable[..., None]:
    """Deliver, and work on it."""

    def happen(told: list[Told], later: timedelta = timedelta(0)) -> None:
        deliver(told)
        work(later)

    return happen
