"""What the fields of donations hold, how they lead to a person, and what erasure leaves of them."""

from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

from donations.models import StripeErrand, StripeEvent
from donations.traces import ids_of
from telemetry.people.registry import Subject, holding
from telemetry.personal_data import PENDING_WORK

LED = "placement prompt choice variant"

Row = TypeVar("Row", bound=Model)


def events_about(subject: Subject) -> QuerySet[StripeEvent]:
    """What Stripe told of their customers, checkouts, subscriptions and payments."""
    if subject.person is None:
        return StripeEvent.objects.none()
    return _not_being_settled(StripeEvent.objects.naming(ids_of(subject.person)))


def errands_about(subject: Subject) -> QuerySet[StripeErrand]:
    """What Stripe was to do about their payments."""
    if subject.person is None:
        return StripeErrand.objects.none()
    return _not_being_settled(StripeErrand.objects.filter(payment__person=subject.person))


def _not_being_settled(rows: QuerySet[Row]) -> QuerySet[Row]:
    """In an erasure: without the rows that are being settled just now, which would wait for the erasure.

    They wait for the person, find nobody any more, and empty themselves.
    """
    if not connection.in_atomic_block:
        return rows
    free = rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
    return rows.model._default_manager.filter(pk__in=list(free))


FIELDS = {
    # Before the rows by which they are found.
    "StripeEvent": holding(
        personal="payload",
        pseudonym="object_id",
        none=f"{PENDING_WORK} event_id type api_version livemode stripe_created_at ignored",
        found=events_about,
        blanks="payload",
    ),
    "StripeErrand": holding(
        personal="reason",
        pseudonym="object_id key payment asked_by",
        money="amount",
        none=f"{PENDING_WORK} kind refusal",
        found=errands_about,
        blanks="reason",
    ),
    "Supporter": holding(
        pseudonym="person",
        money="credit_until",
        none=(
            "tier grace_until last_gift_at never_ask asks_rest_until dismissals reports_generated"
            " after_report_armed_at prompted_at after_report_shown_at seven_day_shown_at"
            " active_today_shown_at long_session_shown_at"
        ),
        person="person",
    ),
    # What money needs stays, without the person.
    "StripeCustomer": holding(
        pseudonym="person customer_id",
        none="id livemode created_at forgotten_at deleted_at",
        person="person",
        blanks="person",
    ),
    "Checkout": holding(
        personal="system_id",
        pseudonym="person public_id form",
        secret="session_id session_url",  # noqa: S106 - whoever has the address may pay there
        money="amount currency",
        none=f"id kind state idempotency_key created_at settled_at {LED}",
        person="person",
        blanks="person form system_id session_url",
    ),
    "Subscription": holding(
        pseudonym="person stripe_id customer checkout",
        money="amount currency",
        none="id status current_period_end cancel_at past_due_since duplicate_of fetched_at is_membership",
        person="person",
        blanks="person",
    ),
    "Payment": holding(
        pseudonym=(
            "person checkout subscription customer_id invoice_id payment_intent_id charge_id card_digest"
        ),
        money="amount amount_refunded currency",
        none=(
            "id kind paid_at risk_level dispute dispute_fetched_at is_fraudulent needs_refund created_at"
            f" fetched_at {LED}"
        ),
        person="person",
        blanks="person card_digest customer_id",
    ),
    "SupportMail": holding(
        personal="address facts",
        pseudonym="person payment once",
        none=f"{PENDING_WORK} kind handed_over_at is_uncertain",
        person="person",
        names="address",
    ),
    "DonationInteraction": holding(
        pseudonym="person",
        none=f"id interaction_type time_entries_count days_since_signup total_hours created_at once {LED}",
        person="person",
    ),
    "SupporterKey": holding(
        personal="system_id",
        secret="signature",  # noqa: S106
        pseudonym="person payment",
        none="id is_for_everybody method verified_at deactivated_at created_at",
        person="person",
    ),
    # The embedded default's own Stripe: a world of play money, which knows nobody by name.
    "DevelopmentObject": holding(
        pseudonym="stripe_id body asked",
        none="id type created_at",
        kept="It stands for the partner's memory, which erasure does not reach either.",
    ),
}
