"""The rows of the demo year's support: what the product itself would have written beside the events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from donations.experiments import SUPPORT_HERO
from donations.models import DonationInteraction, Payment, StripeCustomer, Subscription, Supporter
from donations.models.interaction import EVENTS
from growth.demo import TRIED_FOR
from telemetry.experiments.models import Assignment, Experiment, Exposure
from telemetry.log.items import Item
from telemetry.people.models import PersonAlias

#: How the log calls each touch of the support funnel.
TOUCHES = {event.name: what for what, event in EVENTS.items()}
LED = ("placement", "prompt", "choice", "variant")
MONTH, GRACE = timedelta(days=30), timedelta(days=5)
#: Of those who pay: how many do so each month, and how much of the money goes back.
MONTHLY, GOES_BACK = 0.3, 0.06


def write_support(items: Iterable[Item], *, until: datetime) -> int:
    """Write the rows of these events, whose people stand; how many payments there are. Again it adds none.

    `until`: the end of the year; memberships are paid up to then.
    """
    told = [item for item in items if item.name in TOUCHES or item.name == "experiment.exposed"]
    names = PersonAlias.objects.filter(kind=PersonAlias.Kind.USER, value__startswith="demo-")
    people = dict(names.values_list("value", "person_id"))
    touches = [a_touch(item, people) for item in told if item.name in TOUCHES]
    DonationInteraction.objects.bulk_create(touches, batch_size=500, ignore_conflicts=True)
    paid = [Paid(item, people, until) for item in told if item.name == "support.payment_succeeded"]
    keep_money(paid)
    try_the_arms([item for item in told if item.name == "experiment.exposed"], people, until)
    return Payment.objects.filter(payment_intent_id__startswith="pi_demo-").count()


def led_by(item: Item) -> dict[str, str]:
    """What led there."""
    said = item.properties or {}
    return {name: str(said[name]) for name in LED if said.get(name)}


def a_touch(item: Item, people: dict[str, int]) -> DonationInteraction:
    """The row beside an event."""
    return DonationInteraction(
        person_id=people[item.user or ""],
        interaction_type=TOUCHES[item.name],
        created_at=item.occurred_at,
        once=f"demo:{item.id}",
        **led_by(item),
    )


@dataclass
class Paid:
    """A payment of the year, and what followed from it."""

    item: Item
    people: dict[str, int]
    until: datetime

    def __post_init__(self) -> None:
        """Whether they pay each month, and whether it goes back, follows from the event."""
        self.random = Random(f"growth-demo-money-{self.item.id}")  # noqa: S311 - a story, no secret
        self.is_monthly = self.random.random() < MONTHLY
        self.person_id = self.people[self.item.user or ""]
        self.amount = int((self.item.properties or {})["amount"])

    def payments(self, subscription: Subscription | None) -> Iterator[Payment]:
        """The first one, and those of the months after it."""
        at, number = self.item.occurred_at, 0
        while at < self.until:
            first = Payment.Kind.MEMBERSHIP if subscription else Payment.Kind.ONCE
            yield Payment(
                kind=Payment.Kind.RENEWAL if number else first,
                person_id=self.person_id,
                subscription=subscription,
                payment_intent_id=f"pi_{self.item.id}-{number}",
                amount=self.amount,
                amount_refunded=self.goes_back(),
                currency="eur",
                paid_at=at,
                created_at=at,
                **led_by(self.item),
            )
            if subscription is None:
                return
            at, number = at + MONTH, number + 1

    def goes_back(self) -> int:
        """All of it or half of it, now and then."""
        if self.random.random() > GOES_BACK:
            return 0
        return self.amount if self.random.random() < 0.7 else self.amount // 2


def keep_money(paid: list[Paid]) -> None:
    """Payments, memberships, and what their people are by them. Nobody has two memberships."""
    members: dict[int, Subscription] = {}
    payments: list[Payment] = []
    for each in paid:
        subscription = None
        if each.is_monthly and each.person_id not in members:
            subscription = members[each.person_id] = a_membership(each)
        payments.extend(each.payments(subscription))
    Payment.objects.bulk_create(payments, batch_size=500, ignore_conflicts=True)
    last: dict[int, datetime] = {}
    for payment in payments:
        person = payment.person_id or 0
        last[person] = max(payment.paid_at, last.get(person, payment.paid_at))
    rows = [supporter(person, at, members.get(person)) for person, at in last.items()]
    known = ["tier", "grace_until", "last_gift_at"]
    Supporter.objects.bulk_create(rows, update_conflicts=True, unique_fields=["person"], update_fields=known)


def supporter(person: int, last_gift_at: datetime, member: Subscription | None) -> Supporter:
    """What somebody is by what they paid; of some members the last renewal failed."""
    if member is None:
        return Supporter(person_id=person, last_gift_at=last_gift_at)
    grace_until = member.fetched_at + GRACE if person % 6 == 0 else None
    return Supporter(person_id=person, tier="paid", grace_until=grace_until, last_gift_at=last_gift_at)


def a_membership(paid: Paid) -> Subscription:
    """A membership that goes on."""
    name, at = f"{paid.item.user}", paid.item.occurred_at
    customer, _made = StripeCustomer.objects.get_or_create(
        customer_id=f"cus_{name}", defaults={"person_id": paid.person_id, "livemode": False, "created_at": at}
    )
    subscription, _made = Subscription.objects.get_or_create(
        stripe_id=f"sub_{name}",
        defaults={
            "customer": customer,
            "person_id": paid.person_id,
            "status": Subscription.Status.ACTIVE,
            "amount": paid.amount,
            "currency": "eur",
            "current_period_end": paid.until + MONTH,
            "fetched_at": paid.until,
        },
    )
    return subscription


def try_the_arms(seen: list[Item], people: dict[str, int], until: datetime) -> None:
    """Start the experiment when the year says, and give everybody the arm that they saw."""
    experiment = Experiment.objects.get(key=SUPPORT_HERO)
    if experiment.state == Experiment.State.DRAFT:
        experiment.start(at=until - TRIED_FOR)
    arms: dict[Any, int] = dict(experiment.arms.values_list("name", "pk"))
    first: dict[int, Item] = {}
    for item in seen:
        first.setdefault(people[item.user or ""], item)
    rows = [
        {"experiment": experiment, "person_id": person, "arm_id": arms[(item.properties or {})["arm"]]}
        for person, item in first.items()
    ]
    when = [item.occurred_at for item in first.values()]
    Assignment.objects.bulk_create(
        [Assignment(phase=1, at=at, **row) for row, at in zip(rows, when, strict=True)],
        batch_size=500,
        ignore_conflicts=True,
    )
    Exposure.objects.bulk_create(
        [Exposure(at=at, **row) for row, at in zip(rows, when, strict=True)],
        batch_size=500,
        ignore_conflicts=True,
    )
