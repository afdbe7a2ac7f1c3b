"""Work that waits in a row."""

import time
from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import Q

from telemetry.models import Alert, AlertMail
from telemetry.operations.pending import LEASE, PendingWork

pytestmark = pytest.mark.usefixtures("rings")


@pytest.fixture
def queue(now):
    """Alert mails, due now."""

    def put(*keys):
        for key in keys:
            Alert.objects.raise_alert(key, Alert.Severity.WARNING, "Look.", now)
        return list(AlertMail.objects.order_by("pk"))

    return put


@pytest.fixture
def failing(monkeypatch):
    """Make the mails of these alerts raise."""

    def fail(*keys):
        perform = AlertMail.perform

        def perhaps(row, now):
            if row.alert.key in keys:
                raise ConnectionRefusedError("smtp of ada@example.org")
            return perform(row, now)

        monkeypatch.setattr(AlertMail, "perform", perhaps)

    return fail


@pytest.mark.django_db
def test_a_drain_does_what_is_due_and_nothing_later(queue, now):
    first, second = queue("one", "two")
    AlertMail.objects.filter(pk=second.pk).update(next_try_at=now + timedelta(seconds=1))

    drained = AlertMail.objects.due(now).drain()

    assert (drained.done, drained.failed, drained.dead) == (1, 0, 0)
    assert [message.subject for message in mail.outbox] == ["[Growth] Warning: one"]
    first.refresh_from_db()
    assert (first.state, first.attempts, first.lease_until) == ("done", 1, None)
    assert first.done_at >= now


@pytest.mark.django_db
def test_a_drain_says_when(queue):
    with pytest.raises(ValueError, match="Say when"):
        AlertMail.objects.all().drain()


@pytest.mark.django_db
def test_a_poison_row_stops_no_other_and_keeps_no_personal_data(queue, failing, now):
    bad, *_others = queue("bad", "good", "better")
    failing("bad")

    drained = AlertMail.objects.due(now).drain()

    assert (drained.done, drained.failed) == (2, 1)
    bad.refresh_from_db()
    assert (bad.state, bad.attempts, bad.last_error) == ("pending", 1, "ConnectionRefusedError")
    assert timedelta(seconds=30) <= bad.next_try_at - now < timedelta(seconds=35)


@pytest.mark.django_db
def test_pauses_double_and_the_fifth_failure_is_the_last(queue, failing, now):
    (bad,) = queue("bad")
    failing("bad")
    at, pauses = now, []

    for _ in range(4):
        AlertMail.objects.due(at).drain()
        bad.refresh_from_db()
        pauses.append(round((bad.next_try_at - at).total_seconds()))
        at = bad.next_try_at
    drained = AlertMail.objects.due(at).drain()

    assert pauses == [30, 60, 120, 240]
    assert drained.dead == 1
    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == ("dead", 5)
    assert Alert.objects.open().filter(key="dead:telemetry.alertmail").exists()


@pytest.mark.django_db
def test_a_kill_counts_as_an_attempt(queue, now):
    (row,) = queue("one")
    at = now
    for _ in range(5):
        assert AlertMail.objects.get(pk=row.pk).claim(at)  # and the process is killed here
        assert not AlertMail.objects.due(at + LEASE / 2).exists()
        at += LEASE

    drained = AlertMail.objects.due(at).drain()

    assert drained.dead == 1
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("dead", "killed")
    assert not mail.outbox


@pytest.mark.django_db
def test_a_drain_is_rung_again_when_the_lease_of_another_ends(queue, now, rings):
    (row,) = queue("one")
    row.claim(now)

    assert AlertMail.objects.due(now).drain().held_until == now + LEASE
    assert rings == ["telemetry.tasks.send_alert_mails"]


@pytest.mark.django_db
def test_who_lost_the_claim_records_nothing(queue, now, monkeypatch):
    (row,) = queue("one")
    recorded = []
    monkeypatch.setattr(AlertMail, "record", lambda row, outcome, at: recorded.append(row.pk))

    def slow(_row, _now):
        later = AlertMail.objects.get(pk=row.pk)
        assert later.claim(now + LEASE)

    monkeypatch.setattr(AlertMail, "perform", slow)
    AlertMail.objects.due(now).drain()

    row.refresh_from_db()
    assert recorded == []
    assert (row.state, row.attempts) == ("pending", 2)


@pytest.mark.django_db
def test_an_effect_that_cannot_be_recorded_leaves_the_row_to_be_tried_again(queue, now, monkeypatch):
    (row,) = queue("one")

    def refuse(_row, _outcome, at):
        Alert.objects.raise_alert("half-done", "warning", "Half done.", at)
        raise ArithmeticError

    monkeypatch.setattr(AlertMail, "record", refuse)
    AlertMail.objects.due(now).drain()

    row.refresh_from_db()
    assert (row.state, row.last_error) == ("pending", "ArithmeticError")
    assert not Alert.objects.filter(key="half-done").exists()


@pytest.mark.django_db
def test_a_dead_row_is_revived_once_with_all_its_attempts(queue, now):
    (row,) = queue("one")
    assert not row.revive(now)
    AlertMail.objects.update(state="dead", attempts=5)

    assert row.revive(now)
    assert not row.revive(now)
    assert AlertMail.objects.due(now).drain().done == 1


def drain_in_parallel(queue, in_parallel, now, monkeypatch):
    """How often each of eight rows was performed by six drains at once."""
    rows = queue(*"abcdefgh")
    performed = []

    def slow(row, _now):
        performed.append(row.pk)
        time.sleep(0.02)

    monkeypatch.setattr(AlertMail, "perform", slow)
    in_parallel(6, lambda: AlertMail.objects.due(now).drain())
    return [performed.count(row.pk) for row in rows]


@pytest.mark.django_db(transaction=True)
def test_many_drains_at_once_do_each_row_once(queue, in_parallel, now, monkeypatch):
    assert drain_in_parallel(queue, in_parallel, now, monkeypatch) == [1] * 8


@pytest.mark.guard
@pytest.mark.django_db(transaction=True)
def test_without_the_claim_rows_are_done_more_than_once(queue, in_parallel, now, monkeypatch):
    monkeypatch.setattr(AlertMail, "claim", lambda row, now: True)

    assert max(drain_in_parallel(queue, in_parallel, now, monkeypatch)) > 1


@pytest.mark.guard
@pytest.mark.django_db
def test_without_compare_and_set_who_lost_the_claim_records_too(queue, now, monkeypatch):
    (row,) = queue("one")
    recorded = []
    monkeypatch.setattr(PendingWork, "this_claim", lambda row: Q(pk=row.pk))
    monkeypatch.setattr(AlertMail, "record", lambda row, outcome, at: recorded.append(row.pk))
    monkeypatch.setattr(
        AlertMail, "perform", lambda _row, _now: AlertMail.objects.get(pk=row.pk).claim(now + LEASE)
    )

    AlertMail.objects.due(now).drain()

    assert recorded == [row.pk]


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_when_the_transaction_stands(queue, rings):
    queue("one")

    assert rings == ["telemetry.tasks.send_alert_mails"]


@pytest.mark.django_db
def test_the_bell_waits_for_the_transaction(queue, rings):
    queue("one")

    assert rings == []
