"""What may speak against a reward: each rule looks at one case, and says whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from donations.models import Payment, StripeCustomer
from referrals.likeness import are_alike, is_disposable, normalised
from referrals.models import Referral
from referrals.models.referral import State
from referrals.qualifying import memberships_of
from telemetry.operations.models import Alert
from telemetry.people.models import Person

#: For how long a network counts, and its digest is kept.
NETWORK_KEPT = timedelta(days=30)
MOST_OF_A_NETWORK = 3
MOST_IN_A_DAY = 5
YEAR = timedelta(days=365)
#: From so many friends on, such a share of refunds is no accident.
REFUNDS_TELL_FROM = 4
REFUNDED_SHARE = 0.25


@dataclass(frozen=True)
class Case:
    """An introduction that would be rewarded for this payment now."""

    referral: Referral
    payment: Payment
    at: datetime

    @cached_property
    def referrer(self) -> Person | None:
        """Who brought them; None when they are gone, or the very same."""
        brought_by = self.referral.referrer
        return None if brought_by == self.referral.referred else brought_by

    @cached_property
    def theirs(self) -> QuerySet[Payment, Payment]:
        """What the referrer ever paid."""
        return Payment.objects.filter(person=self.referrer) if self.referrer else Payment.objects.none()

    @cached_property
    def addresses(self) -> tuple[str, str] | None:
        """The e-mail addresses of both sides, where both have one."""
        found = [_address(person) for person in (self.referrer, self.referral.referred)]
        return (found[0], found[1]) if all(found) else None

    @cached_property
    def others(self) -> QuerySet[Referral, Referral]:
        """All other introductions that were rewarded."""
        return Referral.objects.filter(converted_at__isnull=False).exclude(pk=self.referral.pk)


def is_of_the_house(case: Case) -> bool:
    """Staff, tests and bots neither refer nor earn."""
    people = [person for person in (case.referrer, case.referral.referred) if person is not None]
    return any(person.kept_out or (person.account and person.account.is_staff) for person in people)


def is_suspended(case: Case) -> bool:
    """The referrer's account was closed by staff."""
    return bool(case.referrer and case.referrer.account and not case.referrer.account.is_active)


def has_one_address(case: Case) -> bool:
    """Both sides get the same mail."""
    return bool(case.addresses and normalised(case.addresses[0]) == normalised(case.addresses[1]))


def is_one_customer(case: Case) -> bool:
    """Stripe knows both sides as one customer."""
    customer = case.payment.customer_id
    if not customer or case.referrer is None:
        return False
    known = StripeCustomer.objects.filter(customer_id=customer, person=case.referrer)
    return known.exists() or case.theirs.filter(customer_id=customer).exists()


def has_one_card(case: Case) -> bool:
    """The friend paid with a card of the referrer's."""
    card = case.payment.card_digest
    return bool(card) and case.theirs.filter(card_digest=card).exists()


def paid_before(case: Case) -> bool:
    """The friend was a paying member before they opened the link."""
    paid = memberships_of(case.referral.referred_id)
    return paid.filter(paid_at__lt=case.referral.captured_at).exists()


def was_there_before(case: Case) -> bool:
    """The friend had an account before they opened the link."""
    friend = case.referral.referred
    joined = getattr(friend.account, "date_joined", None) if friend and friend.account else None
    return joined is not None and joined < case.referral.captured_at


def is_disabled(case: Case) -> bool:
    """The code was taken out of use."""
    return case.referral.code.disabled_at is not None


def card_was_rewarded(case: Case) -> bool:
    """Another introduction was rewarded for this card."""
    card = case.payment.card_digest
    paid = Q(card_digest=card) | Q(payment__card_digest=card)
    return bool(card) and case.others.filter(paid).exists()


def has_similar_addresses(case: Case) -> bool:
    """One person seems to have made both addresses."""
    return bool(case.addresses and are_alike(*case.addresses))


def uses_a_disposable_address(case: Case) -> bool:
    """The friend signed up with a mailbox to be thrown away."""
    return is_disposable(_address(case.referral.referred))


def is_of_a_busy_network(case: Case) -> bool:
    """Many friends came out of one network within 30 days."""
    network = case.referral.network_digest
    same = case.others.filter(network_digest=network, converted_at__gt=case.at - NETWORK_KEPT)
    return bool(network) and same.count() >= MOST_OF_A_NETWORK


def is_in_a_rush(case: Case) -> bool:
    """Many friends of one person paid within a day."""
    if case.referrer is None:
        return False
    since = case.at - timedelta(days=1)
    return case.others.filter(referrer=case.referrer, converted_at__gt=since).count() >= MOST_IN_A_DAY


def is_risky(case: Case) -> bool:
    """Stripe rates the payment as a risk, or has heard of fraud."""
    return case.payment.is_fraudulent or case.payment.risk_level in ("elevated", "highest")


def has_many_refunds(case: Case) -> bool:
    """Of the referrer's friends many had their money back."""
    return case.referrer is not None and refunds_tell(case.referrer)


def is_at_the_cap(case: Case) -> bool:
    """The referrer has had as many rewards in 365 days as a person may have."""
    if case.referrer is None:
        return False
    rewarded = case.others.filter(
        referrer=case.referrer, credit_due_at__isnull=False, converted_at__gt=case.at - YEAR
    ).exclude(state__in=(State.REVERSED, State.REJECTED))
    return rewarded.count() >= settings.REFERRAL_YEARLY_CAP


def refunds_tell(referrer: Person) -> bool:
    """Whether a quarter of somebody's friends, of four at least, had their money back."""
    brought = Referral.objects.filter(referrer=referrer, converted_at__isnull=False)
    friends = brought.count()
    refunded = brought.filter(state=State.REVERSED).count()
    return friends >= REFUNDS_TELL_FROM and refunded >= REFUNDED_SHARE * friends


def tell_of_refunds(referrer: Person, at: datetime) -> None:
    """Raise an alert when many of somebody's friends had their money back; what they bring is held then."""
    if refunds_tell(referrer):
        message = _("Many friends of %(person)s had their money back; further rewards are held for review.")
        Alert.objects.raise_alert(
            f"referrals.refunds:{referrer.public_id}",
            Alert.Severity.WARNING,
            message % {"person": referrer.public_id},
            at,
        )


def _address(person: Person | None) -> str:
    account: Any = person.account if person is not None else None
    return str(getattr(account, account.get_email_field_name())) if account is not None else ""
