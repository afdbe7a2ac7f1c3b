"""What staff do in the admin: each verb asks once more, happens once, and is kept in the audit log."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError

from growth.funnels import SHIPPED
from growth.models import Cohort, SavedFunnel, User
from growth.schedule import sync_schedule
from growth.tests.dashboard.conftest import AS_OF
from telemetry.models import Alert, AlertMail, ApiKey, AuditEntry, Event, EventType, Person


def entries(action):
    return AuditEntry.objects.filter(action=action).count()


def new_key(client, **fields):
    """Make a key in the admin; the answer shows the secret."""
    asked = {"name": "shop", "scope": "ingest", "events_per_minute": 1000, **fields}
    return client.post("/admin/telemetry/apikey/add/", asked)


def secret_in(response):
    (secret,) = re.findall(r'id="secret">(.+?)<', response.content.decode())
    return secret


def test_a_new_key_s_secret_is_shown_once_and_opens(browser_of_staff):
    response = new_key(browser_of_staff)
    key = ApiKey.objects.get()

    assert ApiKey.objects.opened_by(secret_in(response)) == key
    assert "no-store" in response["Cache-Control"]
    assert key.events_per_minute == 1000
    assert (
        secret_in(response)
        not in browser_of_staff.get(f"/admin/telemetry/apikey/{key.pk}/change/").content.decode()
    )
    assert entries("key.issued") == 1


def test_a_rotated_key_opens_with_its_new_secret_alone(browser_of_staff):
    old = secret_in(new_key(browser_of_staff))
    address = f"/admin/telemetry/apikey/{ApiKey.objects.get().pk}/rotate/"

    assert "The old secret opens nothing any more" in browser_of_staff.get(address).content.decode()
    assert ApiKey.objects.opened_by(old)
    new = secret_in(browser_of_staff.post(address))

    assert ApiKey.objects.opened_by(new)
    assert ApiKey.objects.opened_by(old) is None
    assert entries("key.rotated") == 1


def test_a_revoked_key_opens_nothing_for_good(browser_of_staff):
    secret = secret_in(new_key(browser_of_staff))
    address = f"/admin/telemetry/apikey/{ApiKey.objects.get().pk}/"
    browser_of_staff.post(f"{address}revoke/")
    browser_of_staff.post(f"{address}revoke/")

    assert ApiKey.objects.opened_by(secret) is None
    assert browser_of_staff.post(f"{address}rotate/").status_code == 403
    assert entries("key.revoked") == 1


def test_what_a_key_opens_is_not_changed_afterwards(browser_of_staff):
    new_key(browser_of_staff)
    key = ApiKey.objects.get()
    changed = {"name": "renamed", "scope": "read", "may_state_facts": "on", "events_per_minute": 5}
    browser_of_staff.post(f"/admin/telemetry/apikey/{key.pk}/change/", changed)
    key.refresh_from_db()

    assert (key.name, key.scope, key.may_state_facts, key.events_per_minute) == (
        "renamed",
        "ingest",
        False,
        5,
    )


def test_a_person_is_erased_once_asked_again(browser_of_staff, did):
    person = did("ann", 1, 2)
    address = f"/admin/telemetry/person/{person.pk}/erase/"
    browser_of_staff.get(address)

    assert Person.objects.filter(pk=person.pk).exists()
    browser_of_staff.post(address)

    assert not Person.objects.filter(pk=person.pk).exists()
    assert not Event.objects.filter(person_id=person.pk).exists()
    assert browser_of_staff.post(address).status_code == 404
    assert entries("person.erased") == 1


def test_erasing_needs_its_permission(in_groups, did):
    person = did("ann", 1)

    assert in_groups("Export").post(f"/admin/telemetry/person/{person.pk}/erase/").status_code == 403
    assert Person.objects.filter(pk=person.pk).exists()


def test_of_a_person_only_the_flag_is_changed(browser_of_staff, did):
    person = did("ann", 1)
    asked = {"kept_out": "bot", "time_zone": "Mars", "aliases-TOTAL_FORMS": 0, "aliases-INITIAL_FORMS": 0}
    browser_of_staff.post(f"/admin/telemetry/person/{person.pk}/change/", asked)
    person.refresh_from_db()

    assert (person.kept_out, person.time_zone) == ("bot", "")
    assert AuditEntry.objects.get(action="person.flagged").after == {"kept_out": "bot"}


def test_an_alert_is_resolved_once(browser_of_staff):
    Alert.objects.raise_alert("disk", Alert.Severity.CRITICAL, "Nearly full.", AS_OF)
    address = f"/admin/telemetry/alert/{Alert.objects.get().pk}/resolve/"
    browser_of_staff.get(address)

    assert Alert.objects.open().exists()
    browser_of_staff.post(address)
    browser_of_staff.post(address)

    assert not Alert.objects.open().exists()
    assert entries("alert.resolved") == 1


def test_many_alerts_are_resolved_together(browser_of_staff):
    for key in ("disk", "mail"):
        Alert.objects.raise_alert(key, Alert.Severity.WARNING, "Look.", AS_OF)
    chosen = list(Alert.objects.values_list("pk", flat=True))
    browser_of_staff.post(
        "/admin/telemetry/alert/", {"action": "resolve_selected", "_selected_action": chosen}
    )

    assert not Alert.objects.open().exists()


def test_work_that_was_given_up_is_due_again(browser_of_staff):
    Alert.objects.raise_alert("disk", Alert.Severity.CRITICAL, "Nearly full.", AS_OF)
    mail = AlertMail.objects.create(alert=Alert.objects.get(), next_try_at=AS_OF, state="dead", attempts=5)
    asked = {"action": "try_again", "_selected_action": [mail.pk]}
    browser_of_staff.post("/admin/telemetry/alertmail/", asked)
    browser_of_staff.post("/admin/telemetry/alertmail/", asked)
    mail.refresh_from_db()

    assert (mail.state, mail.attempts) == ("pending", 0)
    assert entries("work.revived") == 1


def test_staff_declare_events_and_change_only_their_own(browser_of_staff):
    browser_of_staff.post("/admin/telemetry/eventtype/add/", {"name": "report.shared", "meaning": "Shared."})
    theirs, codes = EventType.objects.get(name="report.shared"), EventType.objects.get(name="activity.logged")
    change = {"name": "other.name", "meaning": "Somebody shared a report.", "counts_as_use": "on"}
    browser_of_staff.post(f"/admin/telemetry/eventtype/{theirs.pk}/change/", change)
    refused = browser_of_staff.post(f"/admin/telemetry/eventtype/{codes.pk}/change/", change)
    theirs.refresh_from_db()

    assert (theirs.name, theirs.meaning, theirs.counts_as_use) == ("report.shared", change["meaning"], True)
    assert refused.status_code == 403


@pytest.mark.parametrize("name", ["activity.logged", "base_telemetry.x", "__proto__", "two words", "x" * 65])
def test_a_name_that_staff_may_not_declare_is_refused(browser_of_staff, name):
    before = EventType.objects.count()
    browser_of_staff.post("/admin/telemetry/eventtype/add/", {"name": name, "meaning": "No."})

    assert EventType.objects.count() == before


def test_nobody_gives_a_power_that_they_lack(in_groups):
    client = in_groups("People", permissions=["growth.view_user", "growth.change_user"])
    victim = User.objects.create_user("someone@example.org")
    asked = {"email": victim.email, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    client.post(f"/admin/growth/user/{victim.pk}/change/", asked)
    victim.refresh_from_db()

    assert (victim.is_staff, victim.is_superuser) == (False, False)


def test_an_account_made_by_staff_has_no_password(browser_of_staff):
    browser_of_staff.post("/admin/growth/user/add/", {"email": "new@example.org", "is_active": "on"})

    assert not User.objects.get(email="new@example.org").has_usable_password()
    assert entries("account.made") == 1


def test_a_job_is_switched_off_and_its_cadence_stays(browser_of_staff):
    from django_celery_beat.models import PeriodicTask

    sync_schedule(AS_OF)
    job = PeriodicTask.objects.get(name="operations.prune")
    address = f"/admin/django_celery_beat/periodictask/{job.pk}/change/"
    browser_of_staff.post(address, {"name": "other", "crontab": ""})
    cadence = job.crontab_id
    job.refresh_from_db()

    assert (job.enabled, job.name, job.crontab_id) == (False, "operations.prune", cadence)
    assert AuditEntry.objects.filter(action="job.switched", after__enabled=False).count() == 1


def test_people_are_put_on_a_cohort_s_list(browser_of_staff, did):
    did("ann", 1)
    asked = {"name": "Pilot", "slug": "pilot", "kind": "list", "rules": "[]", "people": "ann\nnobody"}
    page = browser_of_staff.post("/admin/growth/cohort/add/", asked, follow=True).content.decode()

    assert Cohort.objects.get(slug="pilot").members.count() == 1
    assert "Nobody is called so: nobody" in page


STEPS = [{"event": "activity"}, {"event": "task.completed", "where": {"project": ["a", "b"]}}]


def test_a_funnel_is_saved(db):
    SavedFunnel(slug="mine", name="Mine", steps=STEPS, breakdown="source").clean()


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"steps": [{"event": "activity"}]}, "steps"),
        ({"steps": "activity"}, "steps"),
        ({"steps": [{"event": "never.declared"}]}, "steps"),
        ({"steps": [{"event": "activity", "label": "x"}]}, "steps"),
        ({"steps": [{"event": "activity", "where": {"a": [[1]]}}]}, "steps"),
        ({"steps": [{"event": "activity"}] * 21}, "steps"),
        ({"window_seconds": 0}, "window_seconds"),
        ({"breakdown": "x" * 200}, "breakdown"),
        ({"slug": SHIPPED[0].slug}, "slug"),
    ],
)
def test_a_funnel_that_cannot_be_asked_is_not_saved(db, fields, where):
    with pytest.raises(ValidationError) as refused:
        SavedFunnel(**({"slug": "mine", "name": "Mine", "steps": STEPS} | fields)).clean()

    assert where in refused.value.message_dict


def test_every_shipped_funnel_can_be_asked(db, browser_of_staff, a_product):
    for shipped in SHIPPED:
        page = browser_of_staff.get(f"/admin/?as_of=2026-02-28&funnel={shipped.slug}").content.decode()
        assert "This panel could not be drawn." not in page


def test_a_person_s_page_says_what_the_segment_says(browser_of_staff, did, a_product):
    page = browser_of_staff.get(f"/admin/telemetry/person/{did('dot').pk}/change/").content.decode()

    assert "user with no recent activity" in page
    assert "Entries in the last 30 days: 5" in page
