"""What Stripe does when it is asked to: POST and DELETE."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urljoin

from django.urls import reverse

from donations.development import happening, reading, shapes
from donations.development.happening import stamp
from donations.development.telling import Teller
from donations.development.wire import Asked, Refusal
from donations.models.development import Body, DevelopmentObject

Call = Callable[[Teller, str, Asked, datetime], Body]
"""What is done with an id (or none), what is asked, and the time."""

objects = DevelopmentObject.objects

#: Below it Stripe takes no payment; real ones differ a little by currency.
LEAST = 50


def make_customer(teller: Teller, _id: str, asked: Asked, at: datetime) -> Body:
    """A new customer."""
    return objects.keep(shapes.customer(asked, stamp(at)), at, asked)


def delete_customer(teller: Teller, ident: str, asked: Asked, at: datetime) -> Body:
    """A customer is forgotten; what they subscribed to ends."""
    customer = reading.find("customer", ident)
    for row in objects.of("subscription", customer=ident).exclude(body__status="canceled"):
        happening.end_subscription(teller, row.body, at)
    teller.record("customer.deleted", customer, at)
    deleted = {"id": ident, "object": "customer", "deleted": True}
    objects.filter(stripe_id=ident).update(body=deleted)
    return deleted


def open_session(teller: Teller, _id: str, asked: Asked, at: datetime) -> Body:
    """A Checkout session: a page where one payment is made, or one subscription begins."""
    _check_session(asked)
    session = shapes.checkout_session(asked, stamp(at))
    session["url"] = urljoin(asked["success_url"], reverse("development_checkout", args=[session["id"]]))
    return objects.keep(session, at, asked)


def _check_session(asked: Asked) -> None:
    price = asked["line_items"][0]["price_data"]
    recurring = asked["mode"] == "subscription"
    if recurring != ("recurring" in price):
        raise Refusal("The price and the mode do not fit.", param="mode")
    for wrong, name in (
        (recurring and "submit_type" in asked, "submit_type"),
        (recurring and "customer_creation" in asked, "customer_creation"),
        (recurring and "payment_intent_data" in asked, "payment_intent_data"),
        (not recurring and "subscription_data" in asked, "subscription_data"),
        ("customer" in asked and "customer_email" in asked, "customer_email"),
    ):
        if wrong:
            raise Refusal(f"You can not use `{name}` here.", param=name)
    if not str(price["unit_amount"]).isdecimal() or int(price["unit_amount"]) < LEAST:
        raise Refusal("The amount is too small.", code="amount_too_small", param="line_items")
    if (customer := asked.get("customer")) and reading.find("customer", customer).get("deleted"):
        raise Refusal(f"No such customer: '{customer}'", code="resource_missing", param="customer")


def expire_session(teller: Teller, ident: str, asked: Asked, at: datetime) -> Body:
    """An open session closes unpaid."""
    session = reading.find("checkout.session", ident)
    if session["status"] != "open":
        raise Refusal(
            f"Only Checkout Sessions with a status in [open] can be expired, this one is {session['status']}."
        )
    objects.change(session, status="expired", url=None)
    teller.record("checkout.session.expired", session, at)
    return session


def open_portal(teller: Teller, _id: str, asked: Asked, at: datetime) -> Body:
    """The Customer Portal of one customer."""
    reading.find("customer", asked["customer"])
    session = shapes.portal_session(asked, stamp(at))
    session["url"] = urljoin(asked["return_url"], reverse("development_portal", args=[session["id"]]))
    return objects.keep(session, at, asked)


def update_subscription(teller: Teller, ident: str, asked: Asked, at: datetime) -> Body:
    """A subscription is to end with its period, or not any more."""
    subscription = reading.find("subscription", ident)
    ends = asked.get("cancel_at_period_end") == "true"
    until = subscription["items"]["data"][0]["current_period_end"] if ends else None
    return happening.change_subscription(
        teller,
        subscription,
        at,
        cancel_at_period_end=ends,
        cancel_at=until,
        canceled_at=stamp(at) if ends else None,
    )


def cancel_subscription(teller: Teller, ident: str, asked: Asked, at: datetime) -> Body:
    """A subscription ends at once."""
    return happening.end_subscription(teller, reading.find("subscription", ident), at)


def refund(teller: Teller, _id: str, asked: Asked, at: datetime) -> Body:
    """Money goes back, of a charge or of a payment intent."""
    charge = asked.get("charge") or reading.find("payment_intent", asked["payment_intent"])["latest_charge"]
    return happening.give_back(teller, reading.find("charge", charge), asked, at)


#: By method and path, where `*` stands for an id; and which parameters such a call takes here.
CALLS: dict[tuple[str, str], tuple[Call, str]] = {
    ("post", "customers"): (make_customer, "email name metadata"),
    ("delete", "customers/*"): (delete_customer, ""),
    ("post", "checkout/sessions"): (
        open_session,
        "mode line_items success_url cancel_url customer customer_creation customer_email"
        " client_reference_id submit_type metadata payment_intent_data subscription_data expires_at locale",
    ),
    ("post", "checkout/sessions/*/expire"): (expire_session, ""),
    ("post", "billing_portal/sessions"): (open_portal, "customer return_url"),
    ("post", "subscriptions/*"): (update_subscription, "cancel_at_period_end"),
    ("delete", "subscriptions/*"): (cancel_subscription, "invoice_now prorate"),
    ("post", "refunds"): (refund, "charge payment_intent amount reason metadata"),
}
