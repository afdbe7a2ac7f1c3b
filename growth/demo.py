"""A believable year of a small product: the same people and events for the same last day, every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from donations.events import (
    BannerDismissed,
    BannerSeen,
    CheckoutStarted,
    DonationClicked,
    LinkClicked,
    ModalOpened,
    PageViewed,
    PaymentSucceeded,
    Placement,
    Prompt,
    PromptDismissed,
    PromptShown,
)
from donations.experiments import SUPPORT_HERO
from growth.events import LoggedIn, SignedUp
from telemetry.experiments.events import ExperimentExposed
from telemetry.log.events import TrackedEvent
from telemetry.log.items import Item
from telemetry.log.product_events import ActivityLogged, TaskAssigned, TaskCompleted

DAYS = 365
PEOPLE = 640
PROJECTS = ("Website", "Mobile app", "Invoices", "Research", "Onboarding", "Support desk", "Data model")
AMOUNTS = (500, 1000, 2500)
#: From each step of the ask to the next, by how the ask was put.
CONVERSION = {
    "control": (0.16, 0.34, 0.62, 0.81),
    "key_first": (0.19, 0.38, 0.60, 0.82),
    "cta_alt": (0.21, 0.33, 0.63, 0.80),
}
#: Where the dialog is opened from, the banner most of all.
PLACEMENTS = (
    Placement.BANNER,
    Placement.BANNER,
    Placement.HEADER,
    Placement.DASHBOARD_WIDGET,
    Placement.SETTINGS,
)
#: How long before the end the experiment on the ask was started.
TRIED_FOR = timedelta(days=120)
#: Some are asked by a soft prompt instead of the banner.
BY_PROMPT = 0.3


@dataclass(frozen=True, slots=True)
class Habit:
    """How a kind of person uses the product."""

    share: float
    entries_a_week: float
    stays_days: float
    uses_timer: float


HABITS = (
    Habit(share=0.07, entries_a_week=16, stays_days=900, uses_timer=0.9),
    Habit(share=0.20, entries_a_week=6, stays_days=400, uses_timer=0.6),
    Habit(share=0.38, entries_a_week=1.8, stays_days=150, uses_timer=0.35),
    Habit(share=0.35, entries_a_week=1.2, stays_days=9, uses_timer=0.15),
)


def demo_year(last_day: date, people: int = PEOPLE) -> Iterator[Item]:
    """The events of `people` people over the year that ends with `last_day`, person by person."""
    for number in range(people):
        yield from Life(number, last_day).items()


class Life:
    """One person's year."""

    def __init__(self, number: int, last_day: date) -> None:
        """Draw who they are; everything follows from the number."""
        self.random = Random(f"growth-demo-{number}")  # noqa: S311 - a story, no secret
        self.name = f"demo-{number:04d}"
        self.habit = self.random.choices(HABITS, [habit.share for habit in HABITS])[0]
        self.end = datetime.combine(last_day + timedelta(days=1), time(), UTC)
        # More people find the product in later months: the square root bends the sign-ups upwards.
        age = DAYS * (1 - self.random.random() ** 0.5)
        self.signed_up = self.at_work(self.end - timedelta(days=max(age, 1)))
        self.leaves = self.signed_up + timedelta(days=self.random.expovariate(1 / self.habit.stays_days))
        self.projects = self.random.sample(PROJECTS, k=self.random.randint(1, 3))
        self.count = 0

    def items(self) -> Iterator[Item]:
        """All that happened to them before the end."""
        for at, event in self.events():
            if at < self.end:
                yield self.item(at, event)

    def events(self) -> Iterator[tuple[datetime, TrackedEvent]]:
        """Sign-up, use, tasks, the ask."""
        yield self.signed_up, SignedUp()
        yield self.signed_up + timedelta(minutes=1), LoggedIn()
        for day in self.days_of_use():
            yield from self.a_day(day)
        yield from self.the_ask()

    def days_of_use(self) -> Iterator[datetime]:
        """The mornings on which they open the product; fewer at weekends."""
        day = self.signed_up
        while day < min(self.leaves, self.end):
            weekend = day.weekday() >= 5
            if self.random.random() < min(self.habit.entries_a_week / 7, 0.95) * (0.25 if weekend else 1.3):
                yield day
            day = self.at_work(day + timedelta(days=1))

    def a_day(self, morning: datetime) -> Iterator[tuple[datetime, TrackedEvent]]:
        """A few entries, now and then a task, now and then a login."""
        if self.random.random() < 0.3:
            yield morning - timedelta(minutes=2), LoggedIn()
        at = morning
        for _entry in range(1 + int(self.random.expovariate(7 / self.habit.entries_a_week))):
            seconds = int(self.random.lognormvariate(7.6, 0.8))
            timer = self.random.random() < self.habit.uses_timer
            yield (
                at,
                ActivityLogged(
                    project=self.random.choice(self.projects),
                    source="timer" if timer else "manual",
                    duration_seconds=min(seconds, 8 * 3600),
                ),
            )
            at += timedelta(seconds=seconds + 300)
        if self.random.random() < 0.12:
            yield at, TaskAssigned(project=self.projects[0])
            if self.random.random() < 0.7:
                yield (
                    at + timedelta(hours=self.random.uniform(1, 60)),
                    TaskCompleted(project=self.projects[0]),
                )

    def the_ask(self) -> Iterator[tuple[datetime, TrackedEvent]]:
        """The banner from the second week on, and how far it led."""
        arm = self.random.choice(sorted(CONVERSION))
        at = self.signed_up + timedelta(days=7)
        while at < min(self.leaves, self.end):
            yield from self.asked_once(at, arm)
            at += timedelta(days=self.random.uniform(12, 40))

    def asked_once(self, at: datetime, arm: str) -> Iterator[tuple[datetime, TrackedEvent]]:
        """One walk from the banner, or a soft prompt, towards the payment."""
        variant = arm if at >= self.end - TRIED_FOR else None
        prompt = self.random.choice(list(Prompt)) if self.random.random() < BY_PROMPT else None
        placement = self.random.choice(PLACEMENTS)
        choice, amount = self.random.choice(list(zip(("5", "10", "25"), AMOUNTS, strict=True)))
        led: dict[str, Any] = {"placement": placement, "variant": variant, "prompt": prompt}
        money: dict[str, Any] = {"amount": amount, "currency": "eur", "choice": choice, **led}
        walk: list[TrackedEvent] = [
            ModalOpened(**led),
            DonationClicked(choice=choice, **led),
            CheckoutStarted(**money),
            PaymentSucceeded(**money),
        ]
        if variant:
            yield at, ExperimentExposed(experiment=SUPPORT_HERO, arm=arm)
        if prompt:
            yield at, PromptShown(prompt=prompt, variant=variant)
        else:
            yield at, BannerSeen(placement=Placement.BANNER, variant=variant)
        yield from self.beside_the_dialog(at, prompt, variant)
        for event, goes_on in zip(walk, CONVERSION[variant or "control"], strict=True):
            if self.random.random() > goes_on:
                return
            at += timedelta(seconds=self.random.lognormvariate(4.2, 1.3))
            yield at, event

    def beside_the_dialog(
        self, at: datetime, prompt: Prompt | None, variant: str | None
    ) -> Iterator[tuple[datetime, TrackedEvent]]:
        """A look at the support page, or no wish to be asked."""
        soon, chance = at + timedelta(seconds=20), self.random.random()
        if chance < 0.1:
            yield soon, PageViewed(placement=Placement.DONATE_PAGE, variant=variant)
        if chance < 0.04:
            yield soon + timedelta(seconds=40), LinkClicked(Placement.DONATE_PAGE_BUTTON, variant=variant)
        if chance > 0.9 and prompt:
            yield soon, PromptDismissed(prompt=prompt, variant=variant)
        elif chance > 0.9:
            yield soon, BannerDismissed(placement=Placement.BANNER, variant=variant)

    def at_work(self, at: datetime) -> datetime:
        """The same day, at an hour at which people work."""
        return at.replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(
            seconds=self.random.uniform(0, 8 * 3600)
        )

    def item(self, at: datetime, event: TrackedEvent) -> Item:
        """The event as a sender tells it."""
        self.count += 1
        payload = event.payload()
        return Item(
            id=f"{self.name}-{self.count}",
            name=event.name,
            user=self.name,
            occurred_at=at,
            project=payload.pop("project", None),
            source=payload.pop("source", None),
            duration_seconds=payload.pop("duration_seconds", None),
            properties=payload or None,
        )
