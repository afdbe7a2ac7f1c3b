"""One person enters a key in eight tabs."""

import pytest
from django.db import connection

from donations.models import SupporterKey
from donations.tests.keys.conftest import NOON, signed
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person

EIGHT = 8

pytestmark = pytest.mark.usefixtures("money_is_whole")


@pytest.fixture
def entered(transactional_db, system_id, in_parallel):
    """The keys that eight tabs were given, as many as there are rows; and how often the log says so."""

    def enter():
        person, key = Person.objects.create(), signed(system_id)
        in_parallel(EIGHT, lambda: SupporterKey.objects.accept(key, person=person, by=None, at=NOON))
        return SupporterKey.objects.standing().count(), AuditEntry.objects.count()

    return enter


@pytest.mark.django_db(transaction=True)
def test_it_counts_once(entered):
    assert entered() == (1, 1)


@pytest.mark.guard
@pytest.mark.django_db(transaction=True)
def test_without_the_constraint_it_counts_more_than_once(entered, monkeypatch):
    once = next(rule for rule in SupporterKey._meta.constraints if rule.name == "one_verified_key_per_person")
    # Nobody sees another's row before all have looked.
    monkeypatch.setattr(type(SupporterKey.objects.all()), "standing", lambda keys: keys.none())
    with connection.schema_editor() as editor:
        editor.remove_constraint(SupporterKey, once)
    try:
        entered()
        assert SupporterKey.objects.count() == EIGHT
    finally:
        SupporterKey.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(SupporterKey, once)
