"""What was never told, or never heard: once a day Stripe is asked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from donations import gateway, pictures
from donations.fulfilment import fulfil
from donations.gateway import GatewayRefused, GatewayUnavailable, NotConfigured
from donations.handlers import HANDLERS
from donations.inbox import keep
from donations.models import Checkout, Subscription, SupporterKey
from donations.settlement.parties import Unresolvable
from donations.settlement.purchases import settle
from telemetry.models import Alert, Heartbeat

logger = logging.getLogger(__name__)

JOB = "donations.reconcile"
#: How long Stripe remembers events.
REMEMBERED = timedelta(days=30)
#: What was told while the last look was under way is looked at again; what is known changes nothing.
OVERLAP = timedelta(days=1)
SUBSCRIPTION_REST = timedelta(days=7)
CHECKOUT_REST = timedelta(hours=24)


def reconcile(now: datetime) -> None:
    """Bring into the inbox what no delivery brought, and look at what has been silent for long.

    Never inside a transaction. Raises the troubles that go away by themselves, of Stripe and of the database:
    then the next look begins where this one did.
    """
    SupporterKey.objects.issue_what_waits(at=now)
    if not gateway.is_configured():
        return
    fetch_events(now)
    refetch_subscriptions(now)
    look_at_open_checkouts(now)


def last_look(now: datetime) -> datetime:
    """From when on Stripe is asked: before the last look that ended well, as far as Stripe remembers."""
    ended = Heartbeat.objects.filter(job=JOB).values_list("finished_at", flat=True).first()
    remembered = now - REMEMBERED
    return remembered if ended is None else max(remembered, ended - OVERLAP)


def fetch_events(now: datetime) -> None:
    """All events since the last look, into the inbox.

    Those that are there stay as they are, except what was ignored: that is worked on now.
    """
    for event in gateway.events_since(last_look(now), HANDLERS):
        _settled(lambda event=event: keep(event.payload, now=now, is_fetched=True), now)  # type: ignore[misc]


def refetch_subscriptions(now: datetime) -> None:
    """Subscriptions of which nothing was heard for a week."""
    silent = Subscription.objects.not_fetched_since(now - SUBSCRIPTION_REST)
    for stripe_id in silent.order_by("pk").values_list("stripe_id", flat=True):
        _settled(lambda stripe_id=stripe_id: _settle_subscription(stripe_id, now), now)  # type: ignore[misc]


def look_at_open_checkouts(now: datetime) -> None:
    """Checkouts that were opened more than a day ago and never ended."""
    waiting = Checkout.objects.waiting().filter(created_at__lt=now - CHECKOUT_REST)
    for session_id in waiting.order_by("pk").values_list("session_id", flat=True):
        _settled(lambda session_id=session_id: _look_at(session_id, now), now)  # type: ignore[misc]


def _look_at(session_id: str, now: datetime) -> None:
    try:
        fulfil(session_id, now=now)
    except GatewayRefused as refusal:
        if not refusal.is_missing:
            raise
        # Our key is of another account by now. A payment that Stripe tells of after all is still taken.
        Checkout.objects.get(session_id=session_id).move(Checkout.State.EXPIRED, at=now)


def _settle_subscription(stripe_id: str, now: datetime) -> None:
    picture = pictures.of_the_last_invoice(stripe_id, now)
    with transaction.atomic():
        settle(picture, now, cause="reconciliation")


def _settled(work: Callable[[], object], now: datetime) -> None:
    """One after the other: what Stripe does not know any more, or tells in an odd shape, stops no other."""
    try:
        work()
    except (GatewayUnavailable, NotConfigured, OperationalError):
        raise
    except (GatewayRefused, Unresolvable) as trouble:
        logger.warning("not reconciled", extra={"error": type(trouble).__name__})
    except Exception as fault:
        # The class alone is kept: messages name people. The next look comes to the row again.
        error = type(fault).__name__
        logger.warning("not reconciled", extra={"error": error})
        message = _("The daily look at Stripe passed over what it could not work on: %(error)s.")
        Alert.objects.raise_alert(
            "stripe:reconciliation", Alert.Severity.WARNING, message % {"error": error}, now
        )
