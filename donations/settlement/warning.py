"""Whoever pays is told when a payment did not go through, once, with the way to mend it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from donations.models import Checkout, SupportMail
from donations.pictures import Picture
from donations.settlement.parties import Party

FIRST = "subscription_create"


def warn_of_the_end(picture: Picture, party: Party, at: datetime) -> None:
    """A renewal could not be charged: one mail an invoice. A first payment is made on Stripe's own page."""
    invoice = picture.invoice
    if invoice is None or invoice.status != "open" or invoice.reason == FIRST or party.is_erased:
        return
    facts = {"invoice_url": invoice.hosted_url, "days": settings.SUPPORT_GRACE_DAYS}
    SupportMail.objects.queue_once(
        SupportMail.Kind.RENEWAL_FAILED,
        invoice.id,
        person=party.person,
        address=invoice.email,
        facts=facts,
        at=at,
    )


def tell_that_it_failed(picture: Picture, party: Party, at: datetime) -> None:
    """A payment that takes days never arrived."""
    session, checkout = picture.session, party.checkout
    if session is None or session.is_paid or checkout is None:
        return
    checkout.move(Checkout.State.FAILED, at=at)
    if party.is_erased:
        return
    SupportMail.objects.queue_once(
        SupportMail.Kind.PAYMENT_FAILED,
        str(checkout.public_id),
        person=party.person,
        address=session.email,
        facts={"amount": session.amount, "currency": session.currency},
        at=at,
    )
