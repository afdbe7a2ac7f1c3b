"""The introductions of the demo year: who brought whom, and the days of it, by the product's own verbs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from donations.models import Payment
from referrals.codes import ALPHABET, LENGTH
from referrals.models import Referral, ReferralClick, ReferralCode
from telemetry.people.models import Person

#: How many come by somebody's link: of all, and of those who become members. How many never confirm.
BY_A_LINK, MEMBERS_BY_A_LINK, UNCONFIRMED = 0.22, 0.6, 0.12
#: Openings of a link for each friend who comes by it, at most.
OPENINGS = 9
A_CHAIN = "growth-demo-referrals"


def write_referrals(*, until: datetime) -> int:
    """Write the introductions among the people of the year; how many there are. Again it adds none.

    `until`: the end of the year.
    """
    people = demo_people(until)
    members = set(memberships().values_list("person", flat=True))
    for friend, inviter, random in introductions(people, members):
        introduce(friend, inviter, random, is_member=friend.pk in members)
    came = Referral.objects.filter(referred__in=[person.pk for person in people])
    reward(list(came.values_list("referred", flat=True)))
    return came.count()


def demo_people(until: datetime) -> list[Person]:
    """The people of the year, in the order in which they signed up."""
    named = Person.objects.filter(
        aliases__kind="user", aliases__value__startswith="demo-", signed_up_at__lt=until
    )
    return list(named.order_by("signed_up_at", "pk").distinct())


def introductions(people: Sequence[Person], members: set[int]) -> Iterator[tuple[Person, Person, Random]]:
    """Who came by whose link: a few bring many, most bring nobody."""
    for place, friend in enumerate(people):
        random = Random(f"{A_CHAIN}-{place}")  # noqa: S311 - a story, no secret
        chance = MEMBERS_BY_A_LINK if friend.pk in members else BY_A_LINK
        if place > 10 and random.random() < chance:
            # The cube leans towards those who have been there longest.
            yield friend, people[int(place * random.random() ** 3)], random


def introduce(friend: Person, inviter: Person, random: Random, *, is_member: bool) -> None:
    """Open the link a few times, sign up by it, and confirm the address or not."""
    at = friend.signed_up_at
    if at is None or Referral.objects.filter(referred=friend).exists():
        return
    code = code_of(inviter, at)
    opened = at - timedelta(minutes=random.uniform(2, 900))
    referral = Referral.objects.link(friend, code, captured_at=opened, at=at)
    for _opening in range(random.randint(1, OPENINGS)):
        day = timezone.localdate(at - timedelta(days=random.uniform(0, 6)))
        ReferralClick.objects.count_up(code, day=day)
    if referral is not None and (is_member or random.random() > UNCONFIRMED):
        Referral.objects.confirm(friend, at=at + timedelta(minutes=random.uniform(1, 9)))


def code_of(person: Person, at: datetime) -> ReferralCode:
    """The same code whenever the year is written."""
    letters = Random(f"{A_CHAIN}-code-{person.signed_up_at}")  # noqa: S311
    code = "".join(letters.choice(ALPHABET) for _ in range(LENGTH))
    made, _new = ReferralCode.objects.get_or_create(
        person=person, is_primary=True, defaults={"code": code, "created_at": at}
    )
    return made


def memberships() -> QuerySet[Payment, Payment]:
    """The first payments of memberships."""
    return Payment.objects.filter(kind=Payment.Kind.MEMBERSHIP)


def reward(friends: Sequence[int | None]) -> None:
    """Convert the friends who became members, in the order in which they paid."""
    for payment in memberships().filter(person__in=friends).order_by("paid_at", "pk"):
        with transaction.atomic():
            Referral.objects.convert(payment, at=payment.paid_at)
