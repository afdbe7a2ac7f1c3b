"""A canary in every place that may hold a person; once erased, it sings nowhere."""

from __future__ import annotations

import pytest
from django.utils import timezone

from growth.models import User
from growth.tests.privacy_data.searching import places
from telemetry.consent.models import ConsentRecord
from telemetry.delivery.models import DeliveryCount
from telemetry.models import AuditEntry
from telemetry.people.erasure import erase
from telemetry.people.export import export_of
from telemetry.people.models import Person, Tombstone
from telemetry.people.registry import Subject, register

#: Tables in which the word itself stands; others only point at the person by number.
SINGING = {
    "account_emailaddress",
    "account_emailconfirmation",
    "django_admin_log",
    "donations_checkout",
    "donations_stripeerrand",
    "donations_stripeevent",
    "donations_supporterkey",
    "donations_supportmail",
    "growth_user",
    "mfa_authenticator",
    "referrals_creditgrant",
    "referrals_creditproposal",
    "referrals_referral",
    "referrals_referralcode",
    "telemetry_auditentry",
    "telemetry_delivery",
    "telemetry_event",
    "telemetry_person",
    "telemetry_personalias",
    "telemetry_project",
}


def erase_the_person(canary):
    assert erase(canary.person, at=timezone.now())


def delete_the_account(canary):
    canary.account.delete()


def delete_accounts_in_bulk(canary):
    User.objects.filter(pk=canary.account.pk).delete()


@pytest.mark.parametrize("ends", [erase_the_person, delete_the_account, delete_accounts_in_bulk])
def test_an_erased_canary_is_found_nowhere(canary, ends):
    assert places(canary.words) == SINGING | {"sessions, opened", "files"}

    ends(canary)

    assert places(canary.words) == set()
    assert not any(word in canary.logged.getvalue() for word in canary.words)


def test_the_canary_sings_in_every_model_that_is_about_people(canary):
    subject = Subject(canary.person, canary.account)

    silent = [entry.model._meta.label for entry in register() if not entry.rows(subject).exists()]

    assert silent == []


def test_no_row_leads_to_somebody_erased(canary):
    subject = Subject(canary.person, canary.account)
    kept = {entry.model for entry in register() if entry.holding.blanks}
    before = {entry.model: list(entry.rows(subject).values_list("pk", flat=True)) for entry in register()}

    erase_the_person(canary)

    for model, keys in before.items():
        assert model._base_manager.filter(pk__in=keys).count() == (len(keys) if model in kept else 0)
    assert ConsentRecord.objects.get().person is None
    assert DeliveryCount.objects.get(outcome="dropped").reason == "erased"


def test_what_staff_did_stays_without_the_person(canary):
    erase_the_person(canary)

    flagged, exported, copied = AuditEntry.objects.order_by("pk")
    assert (flagged.action, str(flagged.actor)) == ("person.flagged", "staff@growth.example")
    assert (flagged.before, flagged.after, flagged.cause) == (None, None, "")
    assert (exported.action, exported.after, exported.cause) == ("people.exported", None, "")
    assert (copied.action, copied.actor) == ("person.copied", None)


def test_nobody_is_signed_in_any_more(canary):
    erase_the_person(canary)

    assert "_auth_user_id" not in canary.browser.session
    assert canary.browser.get("/").wsgi_request.user.is_anonymous


def test_mail_to_others_stays(canary, written_mail):
    other = written_mail / "other.eml"
    other.write_bytes(b"To: bob@growth.example\r\nSubject: Hello\r\n\r\nHello.\r\n")

    erase_the_person(canary)

    assert list(written_mail.glob("*.eml")) == [other]


def test_an_account_of_staff_stays_when_its_person_is_erased(canary):
    staff = User.objects.get(email="staff@growth.example")
    person = Person.objects.of_account(staff)

    assert erase(person, at=timezone.now())

    staff.refresh_from_db()
    assert not Person.objects.filter(account=staff).exists()


def test_an_account_without_a_person_leaves_no_trace_either(canary):
    bare = User.objects.create_user("zephyr9@growth.example")
    AuditEntry.objects.record(None, "seen", "list", after={"q": bare.email}, at=timezone.now())

    bare.delete()

    assert places(["zephyr9"]) == set()
    assert Person.objects.filter(pk=canary.person.pk).exists()


def test_erasing_twice_is_erasing_once(canary):
    erase_the_person(canary)
    stones = set(Tombstone.objects.values_list("digest", "erased_at"))

    assert not erase(canary.person, at=timezone.now())
    assert set(Tombstone.objects.values_list("digest", "erased_at")) == stones


def test_the_copy_of_another_never_holds_the_canary(canary):
    other = Person.objects.of_account(User.objects.get(email="staff@growth.example"))

    assert not any(word in str(export_of(other)) for word in canary.words)
