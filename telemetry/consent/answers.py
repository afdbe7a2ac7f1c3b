"""What a person says about being measured, and what then holds.

The latest answer decides. Answers are written one after the other while the person's row is locked; an answer
is never dated before one that was given earlier, whatever the clocks of two machines say.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from telemetry.consent.models import ConsentRecord, Source
from telemetry.consent.standing import TEXT_VERSION, standing
from telemetry.people.models import Person
from telemetry.signals import consent_granted, consent_withdrawn

__all__ = ["TEXT_VERSION", "consent_of", "grant", "heed", "join", "latest", "valid_consents", "withdraw"]

SIGNALS = (Source.GPC, Source.DNT)


def consent_of(person: Person, *, at: datetime) -> ConsentRecord | None:
    """The yes that allows what happens to this person at `at`; None when there is none.

    It was given by then, stands to this day, and names the text that is shown now.
    """
    pk = valid_consents([person.pk], at=at).get(person.pk)
    return None if pk is None else ConsentRecord.objects.get(pk=pk)


def valid_consents(person_ids: Iterable[int], *, at: datetime) -> dict[int, int]:
    """The same for many people: the key of each one's record; whoever has none is left out."""
    found = standing(dict.fromkeys(person_ids, at))
    return {person: yes.id for person, yes in found.items() if yes.allows(at)}


def latest(person: Person) -> ConsentRecord | None:
    """What the person said last, to whichever text; None when they never did."""
    said = ConsentRecord.objects.filter(person=person).exclude(source=Source.POLICY)
    return said.order_by("at", "pk").last()


@transaction.atomic
def grant(person: Person, *, source: Source, at: datetime) -> ConsentRecord:
    """Say yes to the text shown now; the record that stands afterwards, an older one if it said so already.

    `consent_granted` is sent when something changed. Raises `Person.DoesNotExist` for who is erased.
    """
    before = _locked(person)
    if before is not None and before.granted and before.text_version == TEXT_VERSION:
        return before
    record = _write(person, True, source, at, before)
    consent_granted.send(sender=ConsentRecord, person=person, record=record)
    return record


@transaction.atomic
def withdraw(person: Person, *, source: Source, at: datetime) -> ConsentRecord:
    """Say no; the record that stands afterwards, an older one if it said so already.

    `consent_withdrawn` is sent when something changed. Raises `Person.DoesNotExist` for who is erased.
    """
    before = _locked(person)
    if before is not None and not before.granted:
        return before
    return _refuse(person, source, at, before)


def heed(person: Person, *, signal: Source, at: datetime) -> bool:
    """Take a browser's signal for a no, once; False when one was heard from this person before.

    A yes that the person says after it stands, though the browser goes on sending it.
    """
    heard = ConsentRecord.objects.filter(person=person, source__in=SIGNALS)
    if heard.exists():  # asked of every request that signals: no lock for that
        return False
    with transaction.atomic():
        before = _locked(person)
        if heard.exists():  # by another request, while this one waited
            return False
        _refuse(person, signal, at, before)
    return True


def join(source: Person, target: Person, *, at: datetime) -> None:
    """Give the answers of one person to another, in the transaction that claims them; the stricter one wins.

    A no of either stays a no, whichever came later; who never answered has no say. Where both say yes by now,
    a no in between still ends what one of them had waiting: they are one, so it was withdrawn.
    """
    both = [answer for answer in (latest(source), latest(target)) if answer is not None]
    ConsentRecord.objects.filter(person=source).update(person=target)
    if any(not answer.granted for answer in both) and (last := latest(target)) and last.granted:
        _write(target, False, Source.SIGN_IN, at, last)
    refusals = ConsentRecord.objects.filter(person=target, granted=False)
    if refusal := refusals.order_by("at", "pk").last():
        for person in (source, target):
            consent_withdrawn.send(sender=ConsentRecord, person=person, record=refusal)


def _locked(person: Person) -> ConsentRecord | None:
    """What the person said last; nobody acts on a yes of theirs, or answers, until the transaction ends."""
    Person.objects.select_for_update().get(pk=person.pk)
    return latest(person)


def _refuse(person: Person, source: Source, at: datetime, before: ConsentRecord | None) -> ConsentRecord:
    record = _write(person, False, source, at, before)
    consent_withdrawn.send(sender=ConsentRecord, person=person, record=record)
    return record


def _write(
    person: Person, granted: bool, source: Source, at: datetime, before: ConsentRecord | None
) -> ConsentRecord:
    return ConsentRecord.objects.create(
        person=person,
        granted=granted,
        text_version=TEXT_VERSION,
        source=source,
        at=at if before is None else max(at, before.at),
    )
