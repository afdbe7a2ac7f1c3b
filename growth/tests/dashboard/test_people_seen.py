"""Whoever opens rows that name people leaves an entry in the audit log."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from donations.models import (
    Checkout,
    DonationInteraction,
    Payment,
    StripeCustomer,
    Subscription,
    Supporter,
    SupporterKey,
    SupportMail,
)
from growth.models import User
from growth.tests.dashboard.test_admin_lists import MODELS, address_of
from referrals.models import CreditGrant, CreditProposal, Referral, ReferralCode
from telemetry.models import AuditEntry, Event, Person, Segment

NAMING = {
    Authenticator, Checkout, CreditGrant, CreditProposal, DonationInteraction, EmailAddress, Event, Payment,
    Person, Referral, ReferralCode, Segment, StripeCustomer, Subscription, SupportMail, Supporter,
    SupporterKey, User,
}  # fmt: skip


def seen():
    """What the audit log says of looking, oldest first."""
    entries = AuditEntry.objects.filter(action="people.seen").order_by("pk")
    return list(entries.values_list("object", "after"))


def test_opening_a_list_that_names_people_leaves_one_entry(browser_of_staff, some_of_everything):
    some_of_everything(1)
    for model in MODELS:
        browser_of_staff.get(address_of(model))

    assert sorted(name for name, _after in seen()) == sorted(model._meta.label_lower for model in NAMING)


def test_opening_a_row_that_names_people_leaves_one_entry(browser_of_staff, some_of_everything):
    some_of_everything(1)
    rows = {model: model._default_manager.earliest("pk") for model in NAMING}
    for model, row in rows.items():
        browser_of_staff.get(address_of(model, "change", row.pk))

    assert {name for name, _after in seen()} == {
        f"{model._meta.label_lower}:{row.pk}" for model, row in rows.items()
    }
    assert len(seen()) == len(rows)


def test_an_entry_says_how_people_were_sought_but_not_whom(browser_of_staff, did):
    did("ann")
    browser_of_staff.get("/admin/growth/user/", {"email__startswith": "ann@", "q": "ann@example.org"})

    assert seen() == [
        ("growth.user", {"kind": "list", "page": 1, "filters": ["email"], "searched": True}),
    ]


@pytest.mark.parametrize("asked", ["account__password=a", "p=-1"])
def test_a_list_that_is_refused_was_not_seen(browser_of_staff, did, asked):
    did("ann", 1)
    browser_of_staff.get(f"/admin/telemetry/event/?{asked}")

    assert seen() == []


def test_changing_somebody_is_no_second_look(browser_of_staff, did):
    person = did("ann")
    form = {"kept_out": "bot", "aliases-TOTAL_FORMS": "0", "aliases-INITIAL_FORMS": "0"}
    answer = browser_of_staff.post(address_of(Person, "change", person.pk), form)

    assert answer.status_code == 302
    assert seen() == []
    assert AuditEntry.objects.get().action == "person.flagged"


def test_reading_a_segment_by_session_leaves_an_entry(browser_of_staff, did):
    person = did("ann", 1)
    browser_of_staff.get("/api/v1/people/ann/segment/")
    browser_of_staff.get("/api/v1/people/nobody/segment/")

    assert seen() == [(f"telemetry.person:{person.pk}", {"kind": "segment"})]
