"""How days are given and taken. Nothing else writes the ledger, or `Supporter.credit_until`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from donations.models import Supporter
from donations.models.supporter import Tier
from referrals import locks
from referrals.ledger import DAY, Standing, replay
from referrals.locks import hold
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person

if TYPE_CHECKING:
    from referrals.models import CreditGrant, Referral

#: What one of the staff may give or take alone, in days.
ALONE = 365


class ReasonRequired(ValueError):
    """Days that staff give or take need a name and a reason."""


class SecondPersonRequired(ValueError):
    """So many days need the word of a second one of the staff."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Somebody whose projection is not what their ledger comes to."""

    person: int
    projected: datetime | None
    recorded: datetime | None


class CreditGrantQuerySet(models.QuerySet["CreditGrant", "CreditGrant"]):
    """The ledger, in sentences."""

    def of(self, person: Person | int) -> CreditGrantQuerySet:
        """Somebody's entries, in the order in which they count."""
        return self.filter(person=person).order_by("created_at", "id")

    def rewards(self) -> CreditGrantQuerySet:
        """What was given for an introduction."""
        from referrals.models.credit import REWARDS

        return self.filter(kind__in=REWARDS)

    def standing_of(self, person: Person | int) -> Standing:
        """What somebody's entries come to."""
        return replay(self.of(person))

    @transaction.atomic
    def grant(
        self,
        person: Person,
        days: int,
        kind: str,
        *,
        at: datetime,
        actor: Any = None,
        note: str = "",
        referral: Referral | None = None,
        idem_key: str,
        is_covered: bool = False,
        seconded_by: Any = None,
    ) -> CreditGrant:
        """Give somebody days, once for each `idem_key`; the entry, or the one that was made before.

        Staff (`kind` admin) may take as well as give. `is_covered`: paid cover begins in this transaction,
        before which rewards wait where REFERRAL_CREDIT_START says so. Raises `Person.DoesNotExist` for
        somebody erased, `ValueError` for no days and for a naive time, `ReasonRequired` and
        `SecondPersonRequired` where staff may not.
        """
        from referrals.models.credit import REWARDS, Kind

        by_staff = kind == Kind.ADMIN
        _check(days, at)
        if by_staff:
            _check_staff(days, actor, note, seconded_by)
        supporter = hold([person.pk]).get(person.pk)
        if supporter is None:
            raise Person.DoesNotExist
        made = self.filter(idem_key=idem_key).first()
        if made is not None:
            return made
        entry = self._enter(
            supporter,
            at=at,
            days=days,
            kind=kind,
            actor=actor,
            note=note,
            referral=referral,
            idem_key=idem_key,
            is_banked=kind in REWARDS and banks(supporter, is_covered),
            shortfall_seconds=self.standing_of(person).missing(-days, at) if days < 0 else 0,
        )
        if by_staff:
            after = {"days": days, "kind": kind, "seconded_by": getattr(seconded_by, "pk", None)}
            AuditEntry.objects.record(actor, "credit.granted", entry, after=after, cause=note, at=at)
        return entry

    @transaction.atomic
    def take_back(
        self, grant: CreditGrant, *, at: datetime, cause: str, actor: Any = None, note: str = ""
    ) -> CreditGrant | None:
        """Take what a grant gave, as far as it is left; None when it is taken already.

        What is owed is the sum of its family, so that whatever happened in between, it is taken once.
        `cause`: what names the event, such as `refund:re_123`.
        """
        from referrals.models.credit import Kind

        supporter = next(iter(hold([grant.person_id]).values()), None)
        family = grant.family()
        owed = sum(entry.days for entry in family)
        if owed <= 0:
            return None
        standing = self.standing_of(grant.person_id) if grant.person_id is not None else Standing()
        return self._enter(
            supporter,
            at=at,
            days=-owed,
            kind=Kind.REVERSAL,
            actor=actor,
            note=note,
            referral=grant.referral,
            reverses=grant,
            shortfall_seconds=standing.missing(owed, at),
            idem_key=f"reversal:{cause}:grant:{grant.pk}:{len(family)}",
        )

    @transaction.atomic
    def give_back(
        self, grant: CreditGrant, *, at: datetime, cause: str, actor: Any = None, note: str = ""
    ) -> CreditGrant | None:
        """Give again what was taken of a grant; None when nothing is missing.

        Days that had been used up when they were taken, and so were not, are not given either.
        """
        from referrals.models.credit import Kind

        supporter = next(iter(hold([grant.person_id]).values()), None)
        family = grant.family()
        missing = grant.days - sum(entry.days for entry in family)
        if missing <= 0:
            return None
        used = sum((-1 if entry.days > 0 else 1) * entry.shortfall_seconds for entry in family)
        return self._enter(
            supporter,
            at=at,
            days=missing,
            kind=Kind.REINSTATEMENT,
            actor=actor,
            note=note,
            referral=grant.referral,
            reverses=grant,
            shortfall_seconds=min(max(0, used), missing * DAY),
            idem_key=f"reinstatement:{cause}:grant:{grant.pk}:{len(family)}",
            is_banked=supporter is not None and grant.is_reward and banks(supporter),
        )

    @transaction.atomic
    def start_banked(self, person: Person, *, at: datetime) -> CreditGrant | None:
        """Let the days run that waited for the end of paid cover; None when none did."""
        from referrals.models.credit import Kind

        supporter = hold([person.pk]).get(person.pk)
        if supporter is None:
            return None
        waiting = self.standing_of(person).banked_seconds
        last = self.of(person).last()
        if not waiting or last is None:
            return None
        key = f"started:after:{last.pk}"
        return self._enter(supporter, at=at, days=-(-waiting // DAY), kind=Kind.STARTED, idem_key=key)

    @transaction.atomic
    def join(self, source: Person, target: Person, *, at: datetime) -> None:
        """Give the entries of one person to another, who turned out to be the same.

        Where the target is no supporter yet, the source's row becomes the target's, with what it says.
        """
        rows = Supporter.objects.filter(pk__in=(source.pk, target.pk)).order_by("pk")
        supporters = {supporter.person_id: supporter for supporter in locks.locked(rows)}
        if not self.filter(person=source).update(person=target) or target.pk not in supporters:
            return
        for supporter in supporters.values():
            self.project(supporter)
        if not banks(supporters[target.pk]):
            self.start_banked(target, at=at)

    def project(self, supporter: Supporter) -> None:
        """Write down what the ledger comes to; the supporter's row is held."""
        until = self.standing_of(supporter.person_id).until
        if supporter.credit_until != until:
            Supporter.objects.filter(pk=supporter.pk).update(credit_until=until)
            supporter.credit_until = until

    def drift(self) -> Iterator[Drift]:
        """Everybody whose projection is not what their ledger comes to.

        Who seems to differ is looked at once more, held: an entry may have been made between two readings.
        """
        entries = self.filter(person__isnull=False).order_by("person_id", "created_at", "id").iterator()
        projected = {
            person: replay(theirs).until for person, theirs in groupby(entries, lambda entry: entry.person_id)
        }
        rows = Supporter.objects.filter(Q(pk__in=self.values("person")) | Q(credit_until__isnull=False))
        recorded = dict(rows.values_list("pk", "credit_until"))
        for person in sorted(recorded.keys() | projected.keys()):
            if projected.get(person) != recorded.get(person):
                drift = self._held_drift(person)
                if drift.projected != drift.recorded:
                    yield drift

    @transaction.atomic
    def _held_drift(self, person: int) -> Drift:
        supporter = locks.locked(Supporter.objects.filter(pk=person)).first()
        recorded = None if supporter is None else supporter.credit_until
        return Drift(person, self.standing_of(person).until, recorded)

    def _enter(self, supporter: Supporter | None, *, at: datetime, **columns: Any) -> CreditGrant:
        """Make an entry, after all that were made before; of nobody, when its person was erased."""
        _check(columns["days"], at)
        last = None if supporter is None else self.of(supporter.person_id).last()
        entered = at if last is None else max(at, last.created_at)
        person = None if supporter is None else supporter.person_id
        entry = self.create(person_id=person, effective_at=at, created_at=entered, **columns)
        if supporter is not None:
            self.project(supporter)
        return entry


def banks(supporter: Supporter, is_covered: bool = False) -> bool:
    """Whether a reward waits until the paid cover of this supporter ends."""
    after_paid = settings.REFERRAL_CREDIT_START == "after_paid"
    return after_paid and (is_covered or supporter.tier == Tier.PAID)


def _check(days: int, at: datetime) -> None:
    if timezone.is_naive(at):
        raise ValueError("A time without a zone is no moment.")
    if not days:
        raise ValueError("An entry is of days.")


def _check_staff(days: int, actor: Any, note: str, seconded_by: Any) -> None:
    if actor is None or not note.strip():
        raise ReasonRequired
    if abs(days) > ALONE and (seconded_by is None or seconded_by == actor):
        raise SecondPersonRequired
