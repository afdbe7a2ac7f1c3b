"""One person generates a report in eight tabs."""

import pytest
from django.conf import settings

from donations.models import Supporter
from donations.tests.funnel.conftest import NOON
from telemetry.people.models import Person
from telemetry.tests.operations.conftest import in_parallel  # noqa: F401 - a fixture

EIGHT = 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("money_is_whole")
@pytest.mark.skipif(not settings.POSTGRESQL, reason="SQLite's writers stand in line anyway")
def test_each_of_eight_reports_at_once_is_counted(in_parallel):  # noqa: F811
    person = Person.objects.create()

    in_parallel(EIGHT, lambda: Supporter.objects.count_report(person, at=NOON))

    assert Supporter.objects.get(person=person).reports_generated == EIGHT
