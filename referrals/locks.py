"""What is held, and in which order, while a reward is given or taken.

People first, so that nobody is erased in the middle; then the payment it is rewarded for; then the referral;
then the supporters of both sides in the order of their keys. Whoever converts, decides or follows money back
takes them in this order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from donations.models import Payment, Supporter
from telemetry.people.models import Person

if TYPE_CHECKING:
    from referrals.models import Referral


def take(rows: QuerySet[Referral, Referral]) -> Referral | None:
    """The referral with all locks that a change of it needs; None when there is none.

    A side that is erased while we come is nobody when we are there.
    """
    seen = rows.first()
    if seen is None:
        return None
    Person.objects.held(sides(seen))
    lock_payment(seen)
    referral = lock(rows.model.objects.filter(pk=seen.pk)).first()
    if referral is not None:
        hold(sides(referral))
    return referral


def lock(rows: QuerySet[Referral, Referral]) -> QuerySet[Referral, Referral]:
    """Nobody else reads these rows for writing until the transaction ends."""
    return rows.select_for_update()


def lock_payment(referral: Referral) -> None:
    """Nobody settles its payment until the transaction ends.

    The referral points to it, so the database would ask for its row at the end: after the referral's, while
    whoever settles a refund has it before.
    """
    if referral.payment_id is not None:
        Payment.objects.select_for_update().filter(pk=referral.payment_id).values_list("pk").first()


def sides(referral: Referral) -> set[int]:
    """Who has a part in it, and is still there."""
    return {person for person in (referral.referrer_id, referral.referred_id) if person is not None}


def hold(people: Iterable[int | None]) -> dict[int, Supporter]:
    """The supporters' rows of these people, made where there is none, held until the transaction ends.

    In the order of their keys, so that two who hold the same rows wait for each other and never in a ring.
    Nobody of them is erased meanwhile; who was is left out.
    """
    found = Person.objects.held(person for person in people if person is not None)
    Supporter.objects.bulk_create(
        [Supporter(person_id=person) for person in sorted(found)], ignore_conflicts=True
    )
    rows = Supporter.objects.filter(pk__in=found).order_by("pk")
    return {supporter.person_id: supporter for supporter in locked(rows)}


def locked(rows: QuerySet[Supporter, Supporter]) -> QuerySet[Supporter, Supporter]:
    """Nobody else reads these rows for writing until the transaction ends."""
    return rows.select_for_update()
