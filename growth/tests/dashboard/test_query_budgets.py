"""What each address of ours may ask the database at most; one without a number fails."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from time import time
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from donations.development import shapes
from donations.development.telling import Teller
from donations.gateway import API_VERSION, webhook_secrets
from donations.models import Checkout, DevelopmentObject, Payment, SupporterKey, SupportMail
from growth.dashboard.behind import Active
from growth.dashboard.board import PANELS
from growth.models import User
from growth.questions import Population
from growth.staff_login import link_for
from growth.tests.dashboard.conftest import AS_OF, signed_in
from referrals.models import CreditProposal, Referral, ReferralCode
from telemetry.experiments.models import Experiment
from telemetry.log.models import ApiKey
from telemetry.operations.models import Alert
from telemetry.people.models import Person

START = "2026-01-01T00:00:00Z"
END = AS_OF.isoformat()
ACTIVE = Active(AS_OF - timedelta(days=60), AS_OF, Population())
BEHIND = {"q": json.dumps({"kind": ACTIVE.kind, **ACTIVE.as_json()})}
DAYS = {"as_of": "2026-02-28"}
FUNNEL = {
    "steps": [{"event": "activity.logged"}] * 2,
    "window_seconds": 86400,
    "start": START,
    "end": END,
}
RETENTION = {
    "cohort_event": "activity.logged",
    "return_event": "activity.logged",
    "period": "week",
    "periods": 4,
    "start": START,
    "end": END,
}
LIFECYCLE = {"event": "activity.logged", "period": "week", "start": START, "end": END}
EVENT = {"id": "1", "name": "activity.logged", "user": "ann", "occurred_at": START}
A_GIFT = {"kind": "once", "choice": "5", "placement": "donate_page", "token": str(uuid4())}


@dataclass(frozen=True)
class Visit:
    """An address, who opens it and how, and how many queries that takes at most."""

    name: str
    most: int
    who: str = "staff"
    args: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def __str__(self) -> str:
        return " ".join((self.name, *self.args))


PANELS_CSV = {
    "referrals": 14,
    "referral-codes": 4,
    "figures": 14,
    "funnel": 11,
    "retention": 9,
    "segments": 4,
    "cohorts": 7,
    "jobs": 4,
    "alerts": 3,
    "money": 4,
    "experiment": 6,
    "click-through": 4,
    "supporters": 3,
}
VISITS = (
    # For visitors.
    Visit("account_login", 0, "visitor"),
    Visit("account_signup", 0, "visitor"),
    Visit("account_inactive", 0, "visitor"),
    Visit("account_email_verification_sent", 0, "visitor"),
    Visit("account_confirm_login_code", 0, "visitor"),
    Visit("account_request_login_code", 0, "visitor"),
    Visit("start_again", 0, "visitor", body={}),
    Visit("privacy", 1, "visitor"),
    Visit("pricing", 1, "visitor"),
    Visit("about", 1, "visitor"),
    Visit("help", 1, "visitor"),
    Visit("support", 2, "visitor"),
    Visit("privacy_goodbye", 0, "visitor"),
    Visit("schema", 0, "visitor"),
    Visit("api-docs", 0, "visitor"),
    Visit("privacy_answer", 11, "visitor", body={"answer": "yes", "source": "settings"}),
    Visit("staff_login", 21, "visitor", args=("{token}",)),
    # For somebody signed in, with an authenticator app.
    Visit("home", 8, "person"),
    Visit("settings", 19, "person"),
    Visit("referrals", 20, "person"),
    Visit("referrals_name", 18, "person", body={"name": "Ann"}),
    Visit("referrals_link", 16, "person", body={}),
    Visit("referrals_friend", 14, "person", args=("{friend}",)),
    Visit("license", 17, "person"),
    Visit("license", 24, "person", body={"key": "wrong"}),
    Visit("license_for_everybody", 24, body={"key": "wrong"}),
    Visit("reports", 14, "person"),
    Visit("reports_csv", 10, "person"),
    Visit("pricing", 8, "person"),
    Visit("about", 8, "person"),
    Visit("help", 8, "person"),
    Visit("support", 20, "person"),
    Visit("support_preferences", 12, "person", body={"never_ask": "on"}),
    Visit("support_track_click", 20, "person", body={"placement": "banner_bmc"}),
    Visit("support_track_impression", 20, "person", body={"placement": "banner"}),
    Visit("support_track_banner_dismissal", 20, "person", body={"placement": "banner"}),
    Visit("support_request_soft_prompt", 20, "person", body={}),
    Visit("support_track_event", 20, "person", body={"event": "support_shared"}),
    Visit("support_checkout", 52, "person", body=A_GIFT),
    Visit("support_thanks", 9, "person", args=("{paid}",)),
    Visit("support_portal", 12, "person", body={}),
    Visit("development_checkout", 9, "person", args=("{session}",)),
    Visit("development_portal", 9, "person", args=("{portal}",)),
    Visit("account_logout", 7, "person"),
    Visit("account_email", 11, "person"),
    Visit("mfa_index", 9, "person"),
    Visit("mfa_authenticate", 3, "person"),
    Visit("mfa_reauthenticate", 13, "person"),
    Visit("mfa_activate_totp", 8, "person"),
    Visit("mfa_deactivate_totp", 12, "person"),
    Visit("mfa_view_recovery_codes", 12, "person"),
    Visit("mfa_generate_recovery_codes", 11, "person"),
    Visit("mfa_download_recovery_codes", 8, "person"),
    Visit("privacy", 10, "person"),
    Visit("privacy_download", 72, "person", body={}),
    Visit("privacy_erase", 11, "person"),
    Visit("privacy_goodbye", 3, "person"),
    Visit("privacy_answer", 13, "person", body={"answer": "no", "source": "settings"}),
    # For staff: the dashboard and what opens from it.
    Visit("admin:index", 40, query=DAYS),
    Visit("admin:index", 40, query={**DAYS, "period": "all"}),
    Visit("admin:search", 2, query={"s": "ann"}),
    Visit("admin:people_behind", 11, query=BEHIND),
    Visit("admin:people_csv", 11, query=BEHIND),
    *(Visit("admin:panel_csv", most, args=(slug,), query=DAYS) for slug, most in PANELS_CSV.items()),
    # For staff: the lists.
    Visit("admin:growth_user_changelist", 8),
    Visit("admin:telemetry_eventtype_changelist", 6),
    Visit("admin:telemetry_project_changelist", 6),
    Visit("admin:telemetry_event_changelist", 5),
    Visit("admin:telemetry_apikey_changelist", 6),
    Visit("admin:telemetry_alert_changelist", 6),
    Visit("admin:telemetry_auditentry_changelist", 6),
    Visit("admin:telemetry_alertmail_changelist", 5),
    Visit("admin:telemetry_segmentrefresh_changelist", 5),
    Visit("admin:telemetry_segment_changelist", 6),
    Visit("admin:telemetry_person_changelist", 6),
    Visit("admin:telemetry_installation_changelist", 14),
    Visit("admin:growth_cohort_changelist", 6),
    Visit("admin:telemetry_experiment_changelist", 8),
    Visit("admin:donations_payment_changelist", 7),
    Visit("admin:referrals_referralclick_changelist", 7),
    Visit("admin:referrals_referralcode_changelist", 7),
    Visit("admin:referrals_referral_changelist", 8),
    Visit("admin:referrals_creditgrant_changelist", 7),
    Visit("admin:referrals_creditproposal_changelist", 7),
    Visit("admin:donations_subscription_changelist", 7),
    Visit("admin:donations_checkout_changelist", 6),
    Visit("admin:donations_supporter_changelist", 6),
    Visit("admin:donations_supporterkey_changelist", 6),
    Visit("admin:donations_donationinteraction_changelist", 6),
    Visit("admin:donations_stripecustomer_changelist", 6),
    Visit("admin:donations_stripeevent_changelist", 6),
    Visit("admin:donations_supportmail_changelist", 6),
    Visit("admin:donations_stripeerrand_changelist", 6),
    Visit("admin:growth_savedfunnel_changelist", 6),
    Visit("admin:auth_group_changelist", 6),
    Visit("admin:account_emailaddress_changelist", 7),
    Visit("admin:mfa_authenticator_changelist", 7),
    Visit("admin:django_celery_beat_periodictask_changelist", 6),
    Visit("admin:telemetry_heartbeat_changelist", 7),
    # For staff: the telemetry page, and what is done from a row.
    Visit("admin:telemetry_detailed_on", 7),
    Visit("admin:telemetry_detailed_off", 7),
    Visit("admin:telemetry_test_record", 11, body={}),
    Visit("admin:telemetry_resume", 5, body={}),
    Visit("admin:telemetry_apikey_rotate_key", 4, args=("{key}",)),
    Visit("admin:telemetry_apikey_revoke_key", 4, args=("{key}",)),
    Visit("admin:telemetry_alert_resolve_alert", 4, args=("{alert}",)),
    Visit("admin:telemetry_person_erase_person", 4, args=("{person}",)),
    Visit("admin:telemetry_experiment_start", 6, args=("{experiment}",)),
    Visit("admin:telemetry_experiment_weigh", 7, args=("{experiment}",)),
    Visit("admin:telemetry_experiment_roll_out", 8, args=("{experiment}",)),
    Visit("admin:telemetry_experiment_stop", 6, args=("{experiment}",)),
    Visit("admin:donations_payment_refund_payment", 6, args=("{payment}",)),
    Visit("admin:donations_supportmail_send_again", 5, args=("{mail}",)),
    Visit("admin:donations_supporterkey_deactivate_key", 5, args=("{badge}",)),
    Visit("admin:donations_supporterkey_reactivate_key", 5, args=("{badge}",)),
    # For Stripe.
    Visit("stripe_webhook", 2, "Stripe", body={"customer": "cus_1"}),
    # For programs.
    Visit("events", 6, "sending key", body=[EVENT]),
    Visit("admin:referrals_referralcode_disable", 6, args=("{code}",)),
    Visit("admin:referrals_referralcode_enable", 6, args=("{code}",)),
    Visit("admin:referrals_referralcode_replace", 6, args=("{code}",)),
    Visit("admin:referrals_referral_approve", 7, args=("{friend}",)),
    Visit("admin:referrals_referral_reject", 7, args=("{friend}",)),
    Visit("admin:referrals_creditproposal_approve", 7, args=("{proposal}",)),
    Visit("admin:referrals_creditproposal_decline", 7, args=("{proposal}",)),
    Visit("person", 5, "sending key", args=("ann",), body={"time_zone": "Europe/Vienna"}),
    Visit("person-segment", 4, "reading key", args=("ann",)),
    Visit("segments", 3, "reading key"),
    Visit("cohorts", 5, "reading key"),
    Visit("funnel-report", 2, "reading key", body=FUNNEL),
    Visit("retention-report", 6, "reading key", body=RETENTION),
    Visit("lifecycle-report", 1, "reading key", body=LIFECYCLE),
)
#: Forms of the admin's own making, and what answers without a look at anything of ours.
NOT_OURS = ("_add", "_change", "_delete", "_history", "_password_change")
ELSEWHERE = {
    "account_change_password", "account_set_password", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key", "account_reset_password_from_key_done",
    "account_reauthenticate",  # 404, as all above: there are no passwords
    "stripe_webhook",  # 400 for whatever Stripe did not sign
    "admin:app_list", "admin:autocomplete", "admin:jsi18n", "admin:login", "admin:logout",
    "admin:password_change", "admin:password_change_done", "admin:view_on_site",
}  # fmt: skip


def names_of(resolver, space=""):
    """The name of every address below."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from names_of(pattern, f"{pattern.namespace}:" if pattern.namespace else space)
        elif pattern.name:
            yield space + pattern.name


def test_every_address_of_ours_has_its_number():
    ours = {name for name in names_of(get_resolver()) if not name.endswith(NOT_OURS)} - ELSEWHERE

    assert ours - {visit.name for visit in VISITS} == set()
    assert {panel.slug for panel in PANELS} == set(PANELS_CSV)


@pytest.fixture
def clients(staff):
    """Whoever may visit, by name."""
    person = User.objects.create_user("ada@example.org")
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
    TOTP.activate(person, generate_totp_secret())
    RecoveryCodes.activate(person)

    def keyed(scope):
        return Client(headers={"Authorization": f"Bearer {ApiKey.objects.issue('k', scope).secret}"})

    return {
        "visitor": Client(),
        "person": who_has_just_shown_it(person),
        "staff": signed_in(staff),
        "Stripe": Client(),
        "reading key": keyed(ApiKey.Scope.READ),
        "sending key": keyed(ApiKey.Scope.INGEST),
    }


def who_has_just_shown_it(person):
    """A client of somebody who has just used the second factor."""
    client = signed_in(person)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "reauthenticated": True, "at": time()}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    return client


@pytest.fixture
def rows(staff, clients, a_product, settings):
    """What stands for a row in the arguments of an address."""
    settings.TELEMETRY_SINK = "https://collector.example/otlp"
    settings.TELEMETRY_DETAILED, settings.TELEMETRY_DISABLED = None, False
    Alert.objects.raise_alert("disk", Alert.Severity.WARNING, "Look.", AS_OF)
    payment = Payment.objects.create(
        kind="once",
        payment_intent_id="pi_1",
        amount=500,
        currency="eur",
        paid_at=AS_OF,
        created_at=AS_OF,
    )
    mail = SupportMail.objects.create(kind="receipt", once="receipt:1", next_try_at=AS_OF)
    badge = SupporterKey.objects.create(system_id="s", signature="k", method="hmac", created_at=AS_OF)
    ann = Person.objects.called("ann").get()
    return {
        "{code}": lambda: introduced(ann).code_id,
        "{friend}": lambda: introduced(ann).pk,
        "{proposal}": CreditProposal.objects.propose(ann, 400, by=staff, reason="Kind.", at=AS_OF).pk,
        "{paid}": lambda: f"?session_id={paid_by_ada()}",
        "{session}": paid_by_ada,
        "{portal}": a_portal,
        "{badge}": badge.pk,
        "{payment}": payment.pk,
        "{mail}": mail.pk,
        "{token}": link_for(staff, timezone.now(), "").rstrip("/").rpartition("/")[2],
        "{key}": ApiKey.objects.issue("mine", ApiKey.Scope.READ).key.pk,
        "{alert}": Alert.objects.get().pk,
        "{person}": Person.objects.called("ann").get().pk,
        "{experiment}": Experiment.objects.get(key="support_hero").pk,
    }


def introduced(friend):
    """Ada brought them: made for the visits that want it, since it gives Ada a person."""
    ada = Person.objects.of_account(User.objects.get(email="ada@example.org"))
    code = ReferralCode.objects.issue_to(ada, at=AS_OF)
    referral = Referral.objects.link(friend, code, captured_at=AS_OF, at=AS_OF)
    assert referral is not None
    return referral


def paid_by_ada():
    """The id of a session that she paid, at the offline Stripe and here."""
    asked = {
        "mode": "payment",
        "success_url": "http://testserver/",
        "line_items": [
            {"price_data": {"unit_amount": "500", "currency": "eur", "product_data": {"name": "A gift"}}}
        ],
    }
    session = shapes.checkout_session(asked, 0) | {"status": "complete"}
    DevelopmentObject.objects.keep(session, AS_OF, asked)
    paid = {"kind": "once", "amount": 500, "currency": "eur", "state": "paid", "created_at": AS_OF}
    ada = Person.objects.of_account(User.objects.get(email="ada@example.org"))
    return Checkout.objects.create(person=ada, session_id=session["id"], **paid).session_id


def a_portal():
    """The id of a session of the offline Customer Portal."""
    portal = shapes.portal_session({"customer": "cus_1", "return_url": "http://testserver/"}, 0)
    return DevelopmentObject.objects.keep(portal, AS_OF)["id"]


def address_of(visit, rows):
    """Where the visit goes."""
    args = (rows.get(arg, arg) for arg in visit.args)
    said = [arg() if callable(arg) else arg for arg in args]
    query = "".join(arg for arg in said if str(arg).startswith("?"))
    return reverse(visit.name, args=[arg for arg in said if arg != query]) + query


def delivered(invoice):
    """The body and the headers with which Stripe tells that an invoice was paid."""
    secret, now = webhook_secrets()[0], timezone.now()
    event = shapes.event("invoice.paid", invoice, before=None, at=int(now.timestamp()), version=API_VERSION)
    told = Teller(secret, API_VERSION, lambda: now).deliver(event)
    headers = {"Stripe-Signature": told.signature}
    return {"data": told.body, "content_type": "application/json", "headers": headers}


def opened(client, visit, address):
    """The whole answer."""
    if visit.body is None:
        answer = client.get(address, visit.query)
    elif visit.who == "Stripe":
        answer = client.generic("POST", address, **delivered(visit.body))
    elif visit.who.endswith("key"):
        send = client.put if visit.name == "person" else client.post
        answer = send(address, visit.body, content_type="application/json")
    else:
        answer = client.post(address, visit.body)
    if answer.streaming:
        list(answer.streaming_content)
    return answer


@pytest.mark.parametrize("visit", VISITS, ids=str)
def test_an_address_asks_no_more_than_its_number(visit, clients, rows):
    address = address_of(visit, rows)
    ContentType.objects.clear_cache()
    with CaptureQueriesContext(connection) as captured:
        answer = opened(clients[visit.who], visit, address)

    assert answer.status_code in (200, 202, 302, 303) or visit.name == "lifecycle-report"
    assert len(captured) <= visit.most, [query["sql"] for query in captured]
