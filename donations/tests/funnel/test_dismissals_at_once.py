"""One person closes two asks in two tabs at the same instant."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.conf import settings

from donations.models import Supporter
from donations.querysets.supporters import SupporterQuerySet
from donations.tests.funnel.conftest import NOON
from telemetry.people.models import Person
from telemetry.tests.operations.conftest import in_parallel  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("money_is_whole"),
    pytest.mark.skipif(not settings.POSTGRESQL, reason="SQLite's writers stand in line anyway"),
]


@pytest.fixture
def dismissed(monkeypatch, in_parallel):  # noqa: F811
    """`dismissed(patience)`: what is kept once both have read the row, if they may, and written it."""
    save, person = Supporter.save, Person.objects.create()
    Supporter.objects.create(person=person)

    def run(patience):
        read, places = Barrier(2, timeout=patience), iter(["banner", "dashboard_widget"])

        def save_together(row, **how):
            with suppress(BrokenBarrierError):
                read.wait()
            save(row, **how)

        monkeypatch.setattr(Supporter, "save", save_together)
        in_parallel(2, lambda: Supporter.objects.dismiss(person, next(places), at=NOON))
        return set(Supporter.objects.get().dismissals)

    return run


def test_both_stay_closed(dismissed):
    assert dismissed(patience=0.3) == {"banner", "dashboard_widget"}


@pytest.mark.guard
def test_unless_the_row_is_held_one_comes_back(dismissed, monkeypatch):
    monkeypatch.setattr(SupporterQuerySet, "select_for_update", lambda rows: rows)

    assert len(dismissed(patience=9)) == 1
