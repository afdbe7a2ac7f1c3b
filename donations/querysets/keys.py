"""Supporter keys, in sentences: who has one that counts, how one is entered, how one is issued."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from donations import keys
from donations.keys import KeyRefused, Method, Refusal
from telemetry.operations.limits import Limit
from telemetry.operations.models import Alert, AuditEntry

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from donations.models.key import SupporterKey
    from donations.models.payment import Payment
    from telemetry.people.models import Person

#: Keys that one person may enter.
ENTRIES = Limit("key", 10, timedelta(minutes=15))
#: Staff are told under this name that a key was paid for and could not be made.
UNISSUED = "donations:key-unissued"


class SupporterKeyQuerySet(models.QuerySet["SupporterKey", "SupporterKey"]):
    """Supporter keys."""

    def standing(self) -> Self:
        """Those that make supporters: accepted here, and not deactivated."""
        return self.filter(verified_at__isnull=False, deactivated_at=None)

    def of(self, person: Person) -> Self:
        """A person's own."""
        return self.filter(person=person, is_for_everybody=False)

    def for_everybody(self) -> Self:
        """Those of the whole installation."""
        return self.filter(is_for_everybody=True)

    def covering(self, person: Person) -> Self:
        """A person's own, and those of the whole installation."""
        return self.filter(Q(person=person) | Q(is_for_everybody=True))

    def standing_for(self, person: Person | None) -> SupporterKey | None:
        """The key by which somebody is a supporter: that of the whole installation, else their own."""
        keys_of = self.covering(person) if person else self.for_everybody()
        return keys_of.standing().order_by("-is_for_everybody", "pk").first()

    def bought(self) -> Self:
        """Those that were paid for here, the latest first."""
        return self.filter(payment__isnull=False).order_by("-created_at", "-pk")

    def accept(self, key: str, *, person: Person, by: AbstractBaseUser | None, at: datetime) -> SupporterKey:
        """The key by which `person` is a supporter from now on: this one, or the one that they have.

        `KeyRefused` says why it is none, `LimitReached` that too many were tried. Either way the audit log
        keeps that somebody tried, and never the key: call it outside of transactions.
        """
        ENTRIES.take(str(person.pk), now=at)
        method = self._verified(key, person, by, at)
        if standing := self.of(person).standing().first():
            return standing
        if self.of(person).filter(signature=keys.as_stored(key)).exclude(deactivated_at=None).exists():
            self._refuse(Refusal.DEACTIVATED, person, by, at)
        return self._enter(key, method, by, at, person=person)

    def accept_for_everybody(self, key: str, *, by: AbstractBaseUser, at: datetime) -> SupporterKey:
        """The key by which everybody here is a supporter from now on. Raises what `accept` raises."""
        ENTRIES.take(f"everybody {by.pk}", now=at)
        method = self._verified(key, "everybody", by, at)
        if standing := self.for_everybody().standing().first():
            return standing
        return self._enter(key, method, by, at, is_for_everybody=True)

    def issue_for(self, payment: Payment, *, at: datetime, address: str = "") -> SupporterKey | None:
        """The key that `payment` paid for, made and mailed once; None when it paid for something else.

        Belongs into the transaction that records the payment. A key for this very installation counts at
        once for whoever bought it. None, and an alert, without the private key: call it again once it is set.
        `address`: where it is mailed to a guest.
        """
        if payment.kind != payment.Kind.KEY:
            return None
        if issued := self.filter(payment=payment).first():
            return issued
        if not keys.can_issue():
            message = _("A supporter key was paid for, and SUPPORT_KEY_PRIVATE is not set: none was made.")
            Alert.objects.raise_alert(UNISSUED, Alert.Severity.CRITICAL, message, at)
            return None
        key, made = self.get_or_create(payment=payment, defaults=_made_for(payment, at))
        if made:
            AuditEntry.objects.record(None, "supporter_key.issued", key, at=at)
            if key.person_id and key.system_id == keys.this_system_id(at):
                key.mark_verified(at)
            self._mail(payment, address, at)
        return key

    def issue_what_waits(self, *, at: datetime) -> int:
        """Make the keys that were paid for while none could be made; how many. Who was erased gets none."""
        from donations.models.payment import Payment

        if not keys.can_issue():
            return 0
        unissued = Payment.objects.of_somebody().filter(kind=Payment.Kind.KEY, key=None).order_by("pk")
        paid = [payment for payment in unissued if payment.net.amount > 0]
        for payment in paid:
            receipt = payment.mails.filter(kind="receipt").first()
            with transaction.atomic():
                self.issue_for(payment, at=at, address=receipt.address if receipt else "")
        Alert.objects.resolve(UNISSUED, at)
        return len(paid)

    def follow_money_of(self, payment: Payment, *, at: datetime) -> bool:
        """Take the key of a payment out of use when its money is gone, put it back when that stands again.

        False when it stays as it is. What staff took out of use stays so.
        """
        issued = self.filter(payment=payment).first()
        if issued is None:
            return False
        if payment.net.amount <= 0:
            return issued.deactivate(by=None, at=at, cause=_("Its payment went back."))
        if not issued.went_with_its_money:
            return False
        return issued.reactivate(by=None, at=at, cause=_("Its payment stands again."))

    def move(self, source: Person, target: Person) -> None:
        """Give the keys of one person to another; of two that count, the target's goes on."""
        if self.of(target).standing().exists():
            self.of(source).standing().update(verified_at=None)
        self.of(source).update(person=target)

    def _make_supporter_of(self, entered: SupporterKey) -> None:
        """Whoever has a key is among the supporters from now on, also if they never paid."""
        from donations.models.supporter import Supporter

        if entered.person is not None:
            Supporter.objects.of(entered.person)

    def _mail(self, payment: Payment, address: str, at: datetime) -> None:
        from donations.models.mail import SupportMail

        SupportMail.objects.queue_once(
            SupportMail.Kind.KEY,
            payment.reference,
            person=payment.person,
            address=address,
            payment=payment,
            at=at,
        )

    def _verified(self, key: str, whose: Any, by: AbstractBaseUser | None, at: datetime) -> Method:
        try:
            return keys.verify(key, keys.this_system_id(at))
        except KeyRefused as refused:
            self._refuse(refused.why, whose, by, at)

    def _refuse(self, why: Refusal, whose: Any, by: AbstractBaseUser | None, at: datetime) -> NoReturn:
        AuditEntry.objects.record(by, "supporter_key.refused", whose, after={"why": why}, at=at)
        raise KeyRefused(why)

    def _enter(
        self, key: str, method: Method, by: AbstractBaseUser | None, at: datetime, **whose: Any
    ) -> SupporterKey:
        """A new row; the one that somebody else entered meanwhile, if the database has one already."""
        try:
            with transaction.atomic():
                entered = self.create(
                    system_id=keys.this_system_id(at),
                    signature=keys.as_stored(key),
                    method=method,
                    verified_at=at,
                    created_at=at,
                    **whose,
                )
                AuditEntry.objects.record(
                    by, "supporter_key.accepted", entered, after={"method": method}, at=at
                )
                self._make_supporter_of(entered)
        except IntegrityError:
            if standing := self.filter(**whose).standing().first():
                return standing
            raise
        return entered


def _made_for(payment: Payment, at: datetime) -> dict[str, Any]:
    """The columns of its key: for the System ID of the checkout, else for this installation's."""
    stated = payment.checkout.system_id if payment.checkout else ""
    system_id = stated or keys.this_system_id(at)
    return {
        "person": payment.person,
        "system_id": system_id,
        "signature": keys.sign(system_id),
        "method": Method.ED25519,
        "created_at": at,
    }
