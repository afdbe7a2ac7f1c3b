"""queued = delivered + dropped + pending, whatever happens in whatever order."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings as profile, strategies as st

from telemetry.consent.answers import consent_of, grant, withdraw
from telemetry.consent.models import Source
from telemetry.delivery.drain import Batch, claim, drop_what_may_not_leave, settle
from telemetry.delivery.installation import queue_first_seen, queue_heartbeat, switch_detailed
from telemetry.delivery.otlp import End, Outcome, Sink
from telemetry.log.outlets import Leaving, pass_on
from telemetry.people.erasure import erase
from telemetry.people.models import Person
from telemetry.tests.delivery.conftest import NOW, assert_balance

OUTCOMES = [
    Outcome(End.DELIVERED),
    Outcome(End.DELIVERED, rejected=1),
    Outcome(End.DROPPED, "status_400"),
    Outcome(End.RETRY, "status_503"),
    Outcome(End.REFUSED, "status_401"),
]
STEPS = st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(hours=2)])


@dataclass
class World:
    """People, a clock, and batches that somebody holds."""

    now: datetime = NOW
    people: list[Person] = field(default_factory=list)
    held: list[Batch] = field(default_factory=list)

    def somebody(self, number: int) -> Person:
        """One of at most three."""
        while len(self.people) < 3:
            self.people.append(Person.objects.create())
        return self.people[number % 3]

    def queue(self, number: int) -> None:
        """What somebody did, if they allow it."""
        person = self.somebody(number)
        yes = consent_of(person, at=self.now)
        if yes is not None:
            pass_on(
                [Leaving(n, "timer.started", person.pk, self.now, {}, yes.pk) for n in range(1 + number % 5)]
            )

    def say_yes(self, number: int) -> None:
        """A consent."""
        grant(self.somebody(number), source=Source.SETTINGS, at=self.now)

    def say_no(self, number: int) -> None:
        """A withdrawal."""
        withdraw(self.somebody(number), source=Source.SETTINGS, at=self.now)

    def erase(self, number: int) -> None:
        """Somebody goes."""
        person = self.somebody(number)
        erase(person, at=self.now)
        self.people.remove(person)

    def switch(self, number: int) -> None:
        """The layer, mostly on."""
        switch_detailed(number % 4 > 0, by=None, at=self.now)

    def live(self, number: int) -> None:
        """What the installation says of itself."""
        queue_first_seen(self.now)
        queue_heartbeat(self.now)

    def claim(self, number: int) -> None:
        """A worker takes a batch, and may be killed."""
        if batch := claim(self.now):
            self.held.append(batch)

    def settle(self, number: int) -> None:
        """A worker, perhaps one that lost its claim, hears from the sink."""
        if self.held:
            batch = self.held.pop(number % len(self.held))
            settle(
                batch,
                batch.rows,
                OUTCOMES[number % len(OUTCOMES)],
                Sink("http://sink", {}, "http/json"),
                self.now,
            )

    def trim(self, number: int) -> None:
        """The queue is kept within its bounds."""
        drop_what_may_not_leave(self.now)


ACTS = ["queue", "queue", "say_yes", "say_no", "erase", "switch", "live", "claim", "claim", "settle", "trim"]


@pytest.mark.django_db
@profile(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 59), STEPS), min_size=5, max_size=40))
def test_the_counts_balance_after_each_act(collector, installation, settings, acts: list[Any]):
    settings.TELEMETRY_QUEUE_ROWS = 12
    world = World()
    world.say_yes(0)
    world.say_yes(1)
    for name, number, pause in acts:
        world.now += pause
        getattr(world, name)(number)
        assert_balance(world.now)
    for batch in world.held:
        settle(batch, batch.rows, OUTCOMES[0], Sink("http://sink", {}, "http/json"), world.now)
    assert_balance(world.now)
