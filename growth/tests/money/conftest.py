"""Payments of whole persons, watched from the top floor: with referrals, jobs and every invariant."""

import pytest

from donations.signals import membership_paid
from donations.tests.conftest import stripe  # noqa: F401 - fixture
from donations.tests.money.conftest import person, settle, shop  # noqa: F401 - fixtures
from telemetry.tests.operations.conftest import rings  # noqa: F401 - fixture


@pytest.fixture
def conversions():
    """Payments that the floors above heard of."""
    heard = []

    def hear(payment, **_kwargs):
        heard.append(payment.pk)

    membership_paid.connect(hear)
    yield heard
    membership_paid.disconnect(hear)
