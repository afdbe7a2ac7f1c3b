"""What the ask for support costs a page: one query of ours, beside those of the original on the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any

from bench.generate import END
from bench.measure import Result

JOB = "the ask on a page"
PEOPLE = 200
ROUNDS = 5
MUST = 9
A_MONTH = timedelta(days=30)

Figures = tuple[int, Decimal]
"""Entries and hours."""


def measure() -> Iterator[Result]:
    """Both ways for the same people, who get accounts for it; the database is left as it was."""
    from django.db import transaction

    with transaction.atomic():
        yield from _side_by_side()
        transaction.set_rollback(True)


def _side_by_side() -> Iterator[Result]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    accounts = _accounts()
    queries = []
    for way in (the_original, ours):
        way(accounts[0])
        with CaptureQueriesContext(connection) as asked:
            way(accounts[0])
        queries.append(len(asked))
    assert queries[1] == 1, f"{queries[1]} queries"
    assert [ours(account) for account in accounts] == [the_original(account) for account in accounts]
    theirs, mine = _seconds(accounts)
    yield Result(JOB, "the original's queries", theirs, f"{queries[0]} queries, {len(accounts)} people")
    yield Result(JOB, "ours", mine, f"{queries[1]} query, {theirs / mine:.1f}x cheaper (must: {MUST}x)")


def ours(account: Any) -> Figures:
    """The policy as a page asks it: who sees what, and the figures beside it."""
    from django.http import HttpRequest

    from donations.visibility import SupportVisibility

    request = HttpRequest()
    request.user, request.session = account, {}  # type: ignore[assignment]
    statistics = SupportVisibility.for_request(request).statistics
    return statistics.entries, statistics.total_hours


def the_original(account: Any) -> Figures:
    """Four counts and four sums over the person's events, their preferences, and whether they clicked lately.

    By the fastest access that there is: the person's key is known, the index of steps serves each.
    """
    from django.db.models import Sum

    from donations.models import DonationInteraction, Supporter
    from donations.statistics import hours
    from telemetry.log.models import Event

    person = account.person_key
    Supporter.objects.filter(pk=person).first()
    clicked = DonationInteraction.objects.filter(person=person).clicks()
    clicked.filter(created_at__gt=END - A_MONTH).exists()
    entries = Event.objects.filter(person=person, type__in=account.activity)
    count, seconds = 0, 0
    for _place in range(4):  # banner, dialog, card and prompt each asked anew
        count = entries.count()
        seconds = entries.aggregate(seconds=Sum("duration_seconds"))["seconds"] or 0
    return count, hours(seconds)


def _accounts() -> list[Any]:
    """Accounts for people from the busiest to the least busy, evenly chosen."""
    from django.contrib.auth import get_user_model

    from donations.models import Supporter
    from telemetry.log.vocabulary import activity_type_ids
    from telemetry.people.models import Person
    from telemetry.segments.models import Segment
    from telemetry.segments.refresh import refresh_segments

    refresh_segments(now=END, full=True)
    everybody = list(Segment.objects.order_by("-entries_all_time").values_list("person", flat=True))
    accounts = []
    for number, person in enumerate(everybody[:: max(1, len(everybody) // PEOPLE)][:PEOPLE]):
        account: Any = get_user_model()._default_manager.create(email=f"bench-{number}@example.org")
        Person.objects.filter(pk=person).update(account=account)
        Supporter.objects.get_or_create(person_id=person)
        account.person_key, account.activity = person, activity_type_ids()
        accounts.append(account)
    return accounts


def _seconds(accounts: list[Any]) -> tuple[float, float]:
    """The mean page of either way, of the median round; by turns, so that a busy machine is busy for both."""
    rounds: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        spent = [0.0, 0.0]
        for account in accounts:
            for number, way in enumerate((the_original, ours)):
                began = perf_counter()
                way(account)
                spent[number] += perf_counter() - began
        for seconds, total in zip(rounds, spent, strict=True):
            seconds.append(total / len(accounts))
    return median(rounds[0]), median(rounds[1])
