"""Somebody of whom everything is known that can be."""

from __future__ import annotations

import io
import logging
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.test import Client

from growth.logs import Line
from growth.models import Cohort, User
from growth.tests.privacy_data.giving import fill_donations, fill_referrals
from telemetry.consent.models import ConsentRecord, Source
from telemetry.delivery.models import Delivery, Installation
from telemetry.experiments.arms import arm_of, expose
from telemetry.experiments.models import Experiment
from telemetry.log.ingest import store
from telemetry.log.items import Item
from telemetry.log.models import ApiKey, Origin
from telemetry.operations.models import AuditEntry
from telemetry.people.claim import bind, claim
from telemetry.people.models import Person
from telemetry.segments.models import SegmentRefresh
from telemetry.segments.refresh import refresh_segments

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODE = re.compile(r"^ +([A-Z]{4}-[A-Z]{4})$", re.MULTILINE)
CANARY = "canary7f3a"


@pytest.fixture
def written_mail(settings, tmp_path, monkeypatch):
    """The embedded default: mail is written down, in a data folder of the test's own."""
    monkeypatch.setattr("growth.accounts.pace.STEP", 0.001)
    settings.EMAIL_BACKEND = "growth.mail.WrittenDown"
    settings.GROWTH_DATA, settings.MAIL_FOLDER = tmp_path, tmp_path / "mail"
    cache.clear()
    return settings.MAIL_FOLDER


@pytest.fixture
def logged():
    """What the whole house logs meanwhile, as it writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


@pytest.fixture
def canary(transactional_db, written_mail, logged):
    """A person with the canary in every place that may hold it; `words` are what must not be found."""
    address = f"{CANARY}@growth.example"
    account = User.objects.create_user(address)
    own = EmailAddress.objects.create(user=account, email=address, primary=True, verified=True)
    visitor = person_by_events(account)
    person = claim(visitor, account, at=NOW)
    bind(account, external_id=f"{CANARY}-id", at=NOW)
    Person.objects.filter(pk=person.pk).update(time_zone=f"Mars/{CANARY}")
    person.refresh_from_db()
    fill_the_account(account, own)
    fill_telemetry(person)
    payment = fill_donations(person, CANARY, NOW)
    fill_referrals(person, payment, CANARY, NOW)
    fill_the_logs_of_staff(person, account)
    browser = sign_in(address, written_mail)
    words = [CANARY, str(person.public_id), person.public_id.hex]
    return SimpleNamespace(person=person, account=account, browser=browser, words=words, logged=logged)


def person_by_events(account: User) -> Person:
    """A visitor who did things, by the API's own way in."""
    secret = ApiKey.objects.issue("a program", "ingest").secret
    sent = {
        "id": f"{CANARY}-event",
        "name": "activity.logged",
        "visitor": f"{CANARY}-visitor",
        "occurred_at": (NOW - timedelta(days=1)).isoformat(),
        "project": f"{CANARY} diary",
        "source": "timer",
        "properties": {"note": {"deep": [f"{CANARY} note", {CANARY: 1}]}},
    }
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    answer = program.post("/api/v1/events/", [sent], content_type="application/json")
    assert answer.json()["accepted"] == 1
    item = Item(id="csv-1", name="activity.logged", visitor=f"{CANARY}-visitor", occurred_at=NOW)
    store([item], origin=Origin.CSV, now=NOW)
    return Person.objects.get(aliases__value=f"{CANARY}-visitor")


def fill_the_account(account: User, own: EmailAddress) -> None:
    """What allauth keeps."""
    EmailAddress.objects.create(user=account, email=f"second.{CANARY}@growth.example")
    EmailConfirmation.objects.create(email_address=own, key=f"{CANARY}-key", sent=NOW)
    # Recovery codes alone are no second factor: the sign-in below asks for none.
    Authenticator.objects.create(
        user=account, type=Authenticator.Type.RECOVERY_CODES, data={"seed": f"{CANARY}-seed"}
    )


def fill_telemetry(person: Person) -> None:
    """Consent, the queue, an experiment, the segment, a list."""
    Installation.objects.get_or_create(id=1, defaults={"first_seen_at": NOW})
    Installation.objects.update(switched_by=person.account)
    yes = ConsentRecord.objects.create(
        person=person, granted=True, text_version="1", source=Source.SETTINGS, at=NOW
    )
    Delivery.objects.create(
        layer="detailed",
        name="activity.logged",
        occurred_at=NOW,
        attributes={"note": f"{CANARY} leaves"},
        person=person,
        consent=yes,
        next_try_at=NOW,
    )
    Experiment.objects.get(key="support_hero").start(at=NOW)
    expose(person, "support_hero", arm_of(person, "support_hero", at=NOW) or "", at=NOW)
    Cohort.objects.create(slug="friends", name="Friends", kind=Cohort.Kind.LIST).members.create(person=person)
    refresh_segments(now=NOW, full=True)
    SegmentRefresh.objects.queue(person, NOW)


def fill_the_logs_of_staff(person: Person, account: User) -> None:
    """What staff did to them, and to others in words that name them."""
    staff = User.objects.create_user("staff@growth.example", is_staff=True)
    said = {"time_zone": f"Mars/{CANARY}"}
    AuditEntry.objects.record(staff, "person.flagged", person, said, said, cause=f"{CANARY} asked", at=NOW)
    AuditEntry.objects.record(
        staff, "people.exported", "Who paid", after={"search": account.email}, cause="Report", at=NOW
    )
    AuditEntry.objects.record(account, "person.copied", person, at=NOW)
    for row, words in ((account, account.email), (person, str(person)), (staff, "staff")):
        LogEntry.objects.create(
            user=staff,
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr=words,
            action_flag=CHANGE,
            change_message=f"Looked at {words}",
        )


def sign_in(address: str, mail_folder: object) -> Client:
    """A browser that is signed in by a mailed code, after another that only began to."""
    Client().post("/accounts/login/", {"login": address})
    browser = Client()
    browser.post("/accounts/login/", {"login": address})
    newest = max(mail_folder.glob("*.eml"))  # type: ignore[attr-defined]
    code = CODE.search(newest.read_text())
    assert code
    browser.post("/accounts/login/code/confirm/", {"code": code[1]})
    assert "_auth_user_id" in browser.session
    return browser
