"""Which yes holds: by what the person said, and by the installation's policy where they said nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from telemetry.consent._said import History, hold, said_by
from telemetry.consent.models import ConsentRecord, Source
from telemetry.instants import to_micros

#: The text that people are shown now. It changes when what they agree to changes, not with its spelling:
#: a yes to another text no longer holds, and they are asked again. A no to any text stays a no.
TEXT_VERSION = "2026-11"


@dataclass(frozen=True, slots=True)
class Yes:
    """A yes that stands: the record, and the moment (in microseconds) from which it allows something."""

    id: int
    since: int

    def allows(self, at: datetime) -> bool:
        """Whether it covers what happened then: nothing that is older than the yes leaves because of it."""
        return self.since <= to_micros(at)


def standing(moments: Mapping[int, datetime]) -> dict[int, Yes]:
    """The yes of each person who stands by one now; the others are left out.

    `moments`: for each person the earliest moment that is asked about; a record of the policy begins then.
    Inside a transaction nobody found here can withdraw before it ends. One statement when nobody said yes.
    """
    found = _holding(said_by(moments), moments)
    if found:
        # Read before it was held, a yes may have been taken back in between.
        hold(found)
        found = _holding(said_by(found), found)
    unwritten = [person for person, yes in found.items() if yes is None]
    written = {} if not unwritten else _by_policy({person: moments[person] for person in unwritten})
    return {person: yes for person, yes in found.items() if yes is not None} | written


def silence_is_yes() -> bool:
    """Whether silence counts as a yes here."""
    return str(settings.TELEMETRY_CONSENT) == "opt_out"


def _holding(histories: Mapping[int, History], people: Mapping[int, object]) -> dict[int, Yes | None]:
    """The yes of each who has one; None where the policy is a yes that no record tells of yet."""
    opt_out = silence_is_yes()
    found: dict[int, Yes | None] = {}
    for person in people if opt_out else histories:
        history = histories.get(person, History())
        if history.answer is not None and not history.answer.granted:
            continue
        record = history.answer
        if record is None or record.text_version != TEXT_VERSION:
            if not opt_out:
                continue
            record = history.policy
        stands = record is not None and record.text_version == TEXT_VERSION
        found[person] = Yes(record.id, record.at) if stands and record else None
    return found


def _by_policy(moments: Mapping[int, datetime]) -> dict[int, Yes]:
    """Write down that the policy is their yes, so that what leaves can name a record."""
    records = ConsentRecord.objects.bulk_create(
        ConsentRecord(person_id=person, granted=True, text_version=TEXT_VERSION, source=Source.POLICY, at=at)
        for person, at in moments.items()
    )
    return {record.person_id: Yes(record.pk, to_micros(record.at)) for record in records if record.person_id}
