"""Staff of several powers, and people who did something."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.test import Client

from donations.models import (
    Checkout,
    DonationInteraction,
    Payment,
    StripeCustomer,
    StripeErrand,
    StripeEvent,
    Subscription,
    Supporter,
    SupporterKey,
    SupportMail,
)
from growth.accounts.groups import ship_groups
from growth.models import Cohort, SavedFunnel, User
from growth.schedule import sync_schedule
from referrals.models import CreditGrant, CreditProposal, Referral, ReferralClick, ReferralCode
from referrals.models.credit import Kind
from telemetry.log.product_events import ActivityLogged
from telemetry.log.track import track
from telemetry.models import (
    Alert,
    ApiKey,
    AuditEntry,
    EventType,
    Heartbeat,
    Person,
    PersonAlias,
    Project,
    SegmentRefresh,
)
from telemetry.segments.refresh import refresh_segments

#: A Sunday; what is looked at ends here.
AS_OF = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = "as_of=2026-02-28"


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()


@pytest.fixture
def staff(db):
    """Staff with every power."""
    return User.objects.create_superuser("root@example.org")


@pytest.fixture
def in_groups(db):
    """`in_groups("People")`: a client of staff in these shipped groups."""

    def make(*names, permissions=()):
        ship_groups()
        user = User.objects.create_user(f"staff-{User.objects.count()}@example.org", is_staff=True)
        user.groups.set(Group.objects.filter(name__in=names))
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        return signed_in(user)

    return make


def signed_in(user):
    """A client with a session of the account."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser_of_staff(staff):
    """A client with every power."""
    return signed_in(staff)


@pytest.fixture
def did(db):
    """`did("ann", 3, 1)`: Ann used the product so many days before `AS_OF`."""

    def make(name, *days_before, source="", kept_out=""):
        person = Person.objects.filter(aliases__value=name).first()
        if person is None:
            person = Person.objects.create(kept_out=kept_out)
            PersonAlias.objects.create(person=person, kind="user", value=name)
        for days in days_before:
            track(person, ActivityLogged(source=source), at=AS_OF - timedelta(days=days))
        return person

    return make


@pytest.fixture
def a_product(did):
    """Eight people over two months, one of them a bot; segments refreshed."""
    did("ann", 60, 40, 20, 19.5, 18, 5, 3, 2)
    did("ben", 25, 24.5, 24, 23)
    did("cem", 20, 12)
    did("dot", 10, 9, 8, 7.5, 7.2)
    did("eve", 6)
    did("fay", 5.5, 0.3)
    did("gus", 45, 44)
    did("bot", 4, 3, 2, kept_out="bot")
    refresh_segments(now=AS_OF, full=True, as_of=AS_OF)


@pytest.fixture
def some_of_everything(staff, did, a_product, settings):
    """`some_of_everything(n)`: n rows of whatever can be made."""

    def make(count):
        settings.ALERT_EMAILS = ["ops@growth.example"]
        sync_schedule(AS_OF)
        for n in range(count):
            did(f"one-{count}-{n}", 3)
            account = User.objects.create_user(f"u{count}-{n}@example.org")
            EmailAddress.objects.create(user=account, email=account.email, primary=True)
            TOTP.activate(account, generate_totp_secret())
            Alert.objects.raise_alert(f"k{count}-{n}", Alert.Severity.WARNING, "Look.", AS_OF)
            ApiKey.objects.issue(f"key {n}", ApiKey.Scope.INGEST)
            AuditEntry.objects.record(staff, "looked", "at it", at=AS_OF)
            Cohort.objects.create(slug=f"c{count}-{n}", name="C", kind=Cohort.Kind.LIST)
            SavedFunnel.objects.create(slug=f"f{count}-{n}", name="F", steps=[{"event": "activity"}])
            Project.objects.create(name=f"p{count}-{n}")
            EventType.objects.declare(f"family.e{count}_{n}", "It happened.")
            person = did(f"one-{count}-{n}")
            SegmentRefresh.objects.queue(person, AS_OF)
            supported(person, f"{count}-{n}")
            code = ReferralCode.objects.issue_to(Person.objects.of_account(account), at=AS_OF)
            ReferralClick.objects.count_up(code, day=AS_OF.date())
            assert Referral.objects.link(person, code, captured_at=AS_OF, at=AS_OF)
            CreditGrant.objects.grant(
                person, 1, Kind.ADMIN, at=AS_OF, actor=staff, note="Kind.", idem_key=f"{count}-{n}"
            )
            CreditProposal.objects.propose(person, 400, by=staff, reason="Kind.", at=AS_OF)
        Heartbeat.objects.expect({f"job-{count}": timedelta(hours=1)}, AS_OF)

    return make


def supported(person, word):
    """All that donations keep of somebody who gave."""
    Supporter.objects.create(person=person)
    when = {"created_at": AS_OF}
    customer = StripeCustomer.objects.create(customer_id=f"cus_{word}", person=person, livemode=False, **when)
    money = {"person": person, "amount": 500, "currency": "eur"}
    Checkout.objects.create(kind="once", idempotency_key=f"checkout:{word}", **money, **when)
    Subscription.objects.create(
        stripe_id=f"sub_{word}", customer=customer, status="active", fetched_at=AS_OF, **money
    )
    payment = Payment.objects.create(
        kind="once", payment_intent_id=f"pi_{word}", paid_at=AS_OF, **money, **when
    )
    SupporterKey.objects.create(
        person=person, system_id=word, signature="k", method="hmac", payment=payment, **when
    )
    DonationInteraction.objects.create(person=person, interaction_type="page_viewed", **when)
    StripeEvent.objects.create(
        event_id=f"evt_{word}",
        type="invoice.paid",
        livemode=False,
        stripe_created_at=AS_OF,
        next_try_at=AS_OF,
    )
    StripeErrand.objects.create(
        kind="refund", object_id=f"pi_{word}", key=word, payment=payment, amount=100, next_try_at=AS_OF
    )
    SupportMail.objects.create(
        kind="receipt", once=f"receipt:{word}", person=person, payment=payment, next_try_at=AS_OF
    )


def links_of(html):
    """Each number of a page that opens, with its address."""
    found = re.findall(r'<a href="([^"]*people-behind/[^"]*)"[^>]*>([^<]*)</a>', html)
    return [(unescape(href), int(text.replace(",", ""))) for href, text in found]
