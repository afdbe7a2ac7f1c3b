"""Whatever is received is stored, known already, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings, strategies as st

from telemetry.log.ingest import receive
from telemetry.log.models import Event, Origin
from telemetry.people.erasure import erase
from telemetry.people.models import Person, PersonAlias
from telemetry.tests.ingest.conftest import NOW, an_event

pytestmark = pytest.mark.django_db

KINDS: dict[str, Any] = {
    "good": {},
    "of a name nobody declared": {"name": "nobody.declared_this"},
    "invalid": {"duration_seconds": -1},
    "the server's to write": {"name": "auth.login"},
    "of somebody erased since": {"user": "gone"},
    "no event": None,
}
#: Few ids, so that many come twice, within a batch and from one to the next.
SENT = st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 9))


def sent(kind: str, number: int) -> object:
    """One item of a batch, as parsed JSON."""
    values = KINDS[kind]
    return number if values is None else an_event(id=str(number), **values)


def an_erased_person() -> None:
    """Whoever was called gone until now."""
    person = Person.objects.create()
    PersonAlias.objects.create(person=person, kind="user", value="gone")
    erase(person, at=NOW)


@settings(max_examples=10)
@given(batches=st.lists(st.lists(SENT, max_size=12), min_size=1, max_size=3))
def test_what_was_received_was_stored_or_known_or_refused(batches):
    with transaction.atomic():
        an_erased_person()
        for batch in batches:
            before = Event.objects.count()
            items = [sent(kind, number) for kind, number in batch]

            verdicts = receive(items, origin=Origin.API, now=NOW, may_state_facts=False)

            assert verdicts.accepted + verdicts.duplicates + len(verdicts.rejected) == len(batch)
            assert Event.objects.count() == before + verdicts.accepted
            refused = [number for number, (kind, _id) in enumerate(batch) if kind != "good"]
            assert [one.index for one in verdicts.rejected] == refused
        transaction.set_rollback(True)
