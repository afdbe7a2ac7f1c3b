"""What staff should know."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from telemetry.models import Alert, AlertMail

pytestmark = pytest.mark.usefixtures("rings")


@pytest.fixture
def alarm(now):
    """Raise the same alert, so many minutes later."""
    return lambda minutes=0: Alert.objects.raise_alert(
        "job-late:prune", Alert.Severity.WARNING, "Pruning is late.", now + timedelta(minutes=minutes)
    )


@pytest.mark.django_db
def test_an_open_alert_is_counted_and_mailed_once(alarm, now):
    assert [alarm(), alarm(1), alarm(2)] == [True, False, False]

    alert = Alert.objects.get()
    assert (alert.count, alert.first_seen_at, alert.last_seen_at) == (3, now, now + timedelta(minutes=2))
    assert AlertMail.objects.count() == 1


@pytest.mark.django_db
def test_a_resolved_alert_opens_anew_with_a_new_mail(alarm, now):
    alarm()
    assert Alert.objects.resolve("job-late:prune", now)
    assert not Alert.objects.resolve("job-late:prune", now)

    assert alarm(5)
    assert (Alert.objects.count(), Alert.objects.open().count(), AlertMail.objects.count()) == (2, 1, 2)


@pytest.mark.django_db
def test_without_addressees_there_is_no_mail(alarm, settings):
    settings.ALERT_EMAILS = []

    assert alarm()
    assert not AlertMail.objects.exists()


@pytest.mark.django_db
def test_the_mail_says_what_and_since_when_under_a_stable_id(alarm, now):
    alarm()
    AlertMail.objects.due(now).drain()

    (message,) = mail.outbox
    assert message.to == ["ops@growth.example"]
    assert message.subject == "[Growth] Warning: job-late:prune"
    assert "Pruning is late." in message.body
    assert "2026-03-04 05:06:07 UTC" in message.body
    assert message.extra_headers["Message-ID"].startswith(f"<alert-{Alert.objects.get().pk}@")


def openings(in_parallel, alarm):
    """How many of eight simultaneous calls opened the alert."""
    return sum(in_parallel(8, alarm))


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_open_one_alert(in_parallel, alarm):
    assert openings(in_parallel, alarm) == 1
    assert (Alert.objects.get().count, AlertMail.objects.count()) == (8, 1)


@pytest.mark.guard
@pytest.mark.django_db(transaction=True)
def test_without_the_constraint_several_open(in_parallel, alarm, monkeypatch):
    (once,) = Alert._meta.constraints
    with connection.schema_editor() as editor:
        editor.remove_constraint(Alert, once)
    try:
        # Everybody has looked before anybody opens: what the constraint is there for.
        monkeypatch.setattr("django.db.models.query.QuerySet.update", lambda *_, **__: 0)
        assert openings(in_parallel, alarm) > 1
    finally:
        monkeypatch.undo()
        Alert.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Alert, once)
