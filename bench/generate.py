"""A deterministic log of 180 days: users Zipf-like, 65 % of them leave, banners lead to dialogs to payments.

The same users and events give the same rows, on every machine. See docs/performance.md for the shape.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

SEED = 20260105
START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 180
SECOND = 1_000_000
DAY = 86_400 * SECOND
START_MICROS = int(START.timestamp()) * SECOND
END = START + timedelta(days=DAYS)
PROJECTS = 2_000
CHUNK = 500_000

ACTIVITY, SEEN, DISMISSED, OPENED, AMOUNT, CLICKED, PAID = range(7)
NAMES = (
    "activity.logged",
    "support.banner_seen",
    "support.banner_dismissed",
    "support.modal_opened",
    "support.donation_clicked",
    "support.link_clicked",
    "support.payment_succeeded",
)
PER_20_MILLION = {
    SEEN: 3_000_000,
    DISMISSED: 672_000,
    OPENED: 362_000,
    AMOUNT: 110_000,
    CLICKED: 92_000,
    PAID: 34_000,
}

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """A stretch of the log in the order of time: parallel arrays, person and kind counted from 0."""

    first_id: int
    person: Ints
    kind: Ints
    at: Ints
    project: Ints
    source: Ints
    duration: Ints

    def key(self) -> npt.NDArray[np.uint64]:
        """Two well mixed words of 64 bits a row, different for every row."""
        ids = np.arange(self.first_id, self.first_id + len(self.at), dtype=np.uint64)
        return np.stack([_mixed(ids), _mixed(ids ^ np.uint64(0x5DEECE66D))], axis=1)


@dataclass(frozen=True)
class Lives:
    """When each user is there, and how much they do."""

    begins: Ints
    ends: Ints
    weight: npt.NDArray[np.float64]

    def moments(self, rng: np.random.Generator, person: Ints) -> Ints:
        """A moment in the life of each person named."""
        share = rng.random(len(person))
        return (
            START_MICROS + self.begins[person] + (share * (self.ends - self.begins)[person]).astype(np.int64)
        )


@dataclass(frozen=True)
class Log:
    """The whole log, in the order of time."""

    users: int
    person: Ints
    kind: Ints
    at: Ints

    def chunks(self) -> Iterator[Rows]:
        """The rows with their details, in stretches that fit in memory on the way to the database."""
        for first in range(0, len(self.at), CHUNK):
            part = slice(first, first + CHUNK)
            yield _detailed(first + 1, self.person[part], self.kind[part], self.at[part])


def generate(users: int, events: int) -> Log:
    """The log of so many users and events."""
    rng = np.random.default_rng(SEED)
    lives = _lives(rng, users)
    wanted = {kind: max(1, round(n * events / 20_000_000)) for kind, n in PER_20_MILLION.items()}
    parts = list(_prompts(rng, lives, wanted))
    person = _drawn(rng, lives.weight, events - sum(wanted.values()))
    parts.append((person, np.full(len(person), ACTIVITY), lives.moments(rng, person)))
    columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    by_time = np.argsort(columns[2], kind="stable")
    return Log(users, *(column[by_time] for column in columns))


def _lives(rng: np.random.Generator, users: int) -> Lives:
    begins = np.where(rng.random(users) < 0.3, 0.0, rng.random(users) * DAYS)
    leaves = rng.random(users) < 0.65
    stays = np.where(leaves, rng.exponential(25, users), DAYS)
    ends = np.minimum(begins + np.maximum(stays, 0.01), DAYS)
    rank = rng.permutation(users) + 100.0
    weight = rank**-0.9 * (ends - begins)
    return Lives((begins * DAY).astype(np.int64), (ends * DAY).astype(np.int64), weight / weight.sum())


def _drawn(rng: np.random.Generator, weight: npt.NDArray[np.float64], n: int) -> Ints:
    """So many people, the more often the more they do."""
    return np.repeat(np.arange(len(weight)), rng.multinomial(n, weight))


def _prompts(
    rng: np.random.Generator, lives: Lives, wanted: dict[int, int]
) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Banners, and what follows some of them: each later row comes seconds to days after one before it."""
    milder = np.sqrt(lives.weight)
    person = _drawn(rng, milder / milder.sum(), wanted[SEEN])
    at = lives.moments(rng, person)
    yield person, np.full(len(person), SEEN), at
    for kind, seconds in ((DISMISSED, 8), (OPENED, 15), (AMOUNT, 40), (CLICKED, 25), (PAID, 180)):
        next_person, next_at = _followed(rng, person, at, wanted[kind], seconds)
        yield next_person, np.full(len(next_person), kind), next_at
        if kind != DISMISSED:
            person, at = next_person, next_at


def _followed(rng: np.random.Generator, person: Ints, at: Ints, n: int, seconds: int) -> tuple[Ints, Ints]:
    """Some of the rows, followed after seconds; one in eight after days."""
    chosen = rng.choice(len(person), n, replace=False)
    usual = rng.exponential(seconds * SECOND, n)
    late = rng.exponential(4 * DAY, n)
    wait = np.where(rng.random(n) < 0.125, late, usual).astype(np.int64)
    return person[chosen], np.minimum(at[chosen] + wait + 1, START_MICROS + DAYS * DAY - 1)


def _detailed(first_id: int, person: Ints, kind: Ints, at: Ints) -> Rows:
    rng = np.random.default_rng([SEED, first_id])
    n = len(at)
    return Rows(
        first_id=first_id,
        person=person,
        kind=kind,
        at=at,
        project=(person * 7 + rng.integers(0, 6, n) ** 2) % PROJECTS,
        source=np.where(rng.random(n) < person % 11 / 10, 1, 0),
        duration=rng.integers(60, 4 * 3600, n),
    )


def _mixed(ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Splitmix64, a bijection of 64 bits."""
    with np.errstate(over="ignore"):
        z = ids + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
