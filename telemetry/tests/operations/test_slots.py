"""Turns of periodic jobs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from telemetry.models import Heartbeat, Slot
from telemetry.operations.slots import claim_slot, day_of, hour_of, in_turn, in_turn_outside


@pytest.mark.django_db
def test_a_slot_is_claimed_once(now):
    assert claim_slot("prune", hour_of(now), now)
    assert not claim_slot("prune", hour_of(now), now + timedelta(minutes=1))
    assert claim_slot("refresh", hour_of(now), now)


def test_an_hour_begins_at_its_zeroth_minute(now):
    assert hour_of(now) == datetime(2026, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "midnight"),
    [
        ("2026-10-24T23:30:00+02:00", "2026-10-24T00:00:00+02:00"),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T00:00:00+02:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T00:00:00+02:00"),
        ("2026-10-25T23:30:00+01:00", "2026-10-25T00:00:00+02:00"),
        ("2026-03-29T03:10:00+02:00", "2026-03-29T00:00:00+01:00"),
        ("2028-02-29T03:10:00+01:00", "2028-02-29T00:00:00+01:00"),
    ],
)
def test_a_day_has_one_slot_also_when_the_clocks_change(at, midnight, settings):
    settings.TIME_ZONE = "Europe/Vienna"

    assert day_of(datetime.fromisoformat(at)) == datetime.fromisoformat(midnight)


@pytest.mark.django_db
def test_work_is_done_once_in_its_turn_and_beats(now):
    work = [1, 2, 3]

    assert in_turn("prune", day_of(now), now, work.pop) == 3
    assert in_turn("prune", day_of(now), now, work.pop) is None
    assert Heartbeat.objects.get(job="prune").runs == 1


@pytest.mark.django_db
def test_a_failed_turn_is_free_again(now):
    with pytest.raises(ZeroDivisionError):
        in_turn("prune", day_of(now), now, lambda: 1 / 0)

    assert not Slot.objects.exists()
    assert Heartbeat.objects.get(job="prune").last_error == "ZeroDivisionError"
    assert in_turn("prune", day_of(now), now, lambda: 7) == 7


@pytest.mark.django_db
def test_a_turn_that_fails_outside_is_free_again(now):
    with pytest.raises(ZeroDivisionError):
        in_turn_outside("prune", day_of(now), now, lambda: 1 / 0)

    assert not Slot.objects.exists()


@pytest.mark.django_db
def test_a_turn_that_fails_late_leaves_the_claim_of_whoever_has_it_now(now):
    later = now + timedelta(minutes=6)

    def outlive_the_claim():
        Slot.objects.all().delete()
        assert claim_slot("prune", day_of(now), later)
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        in_turn_outside("prune", day_of(now), now, outlive_the_claim)

    assert Slot.objects.get().claimed_at == later


def claims(in_parallel, now):
    """How many of eight beats got the slot."""
    return sum(in_parallel(8, lambda: claim_slot("prune", hour_of(now), now)))


@pytest.mark.django_db(transaction=True)
def test_of_eight_beats_one_gets_the_slot(in_parallel, now):
    assert claims(in_parallel, now) == 1


@pytest.mark.guard
@pytest.mark.django_db(transaction=True)
def test_without_the_constraint_all_get_it(in_parallel, now, monkeypatch):
    (once,) = Slot._meta.constraints
    monkeypatch.setattr(Slot._meta, "constraints", [])
    with connection.schema_editor() as editor:
        editor.remove_constraint(Slot, once)
    try:
        assert claims(in_parallel, now) == 8
    finally:
        monkeypatch.undo()
        Slot.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Slot, once)
