"""What Stripe answers to GET: one object, a list, and other objects in the place of their ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from donations.development.shapes import listed
from donations.development.wire import Asked, Refusal
from donations.models.development import Body, DevelopmentObject

TYPES = {
    "customers": "customer",
    "checkout/sessions": "checkout.session",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "invoice_payments": "invoice_payment",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "events": "event",
    "radar/early_fraud_warnings": "radar.early_fraud_warning",
}
FILTERS = {
    "checkout.session": {"customer", "payment_intent", "status", "subscription"},
    "subscription": {"customer", "status"},
    "invoice": {"customer", "status"},
    "invoice_payment": {"invoice", "status"},
    "payment_intent": {"customer"},
    "charge": {"customer", "payment_intent"},
    "refund": {"charge", "payment_intent"},
    "dispute": {"charge", "payment_intent"},
    "event": {"type"},
    "radar.early_fraud_warning": {"charge", "payment_intent"},
}
PAGING = {"created", "ending_before", "expand", "limit", "starting_after"}
#: Filters that look deeper than the object's first level, by where they look.
DEEPER = {
    ("invoice", "subscription"): "body__parent__subscription_details__subscription",
    ("invoice_payment", "payment"): "body__payment",
    ("event", "types"): "body__type__in",
}
MOST_LEVELS = 4
MOST_TYPES = 20


def find(kind: str, stripe_id: str) -> Body:
    """One object, held until the transaction ends; 404 for one that is not there."""
    try:
        return DevelopmentObject.objects.filter(type=kind).body(stripe_id)
    except DevelopmentObject.DoesNotExist:
        raise Refusal(
            f"No such {kind}: '{stripe_id}'", status=404, code="resource_missing", param="id"
        ) from None


def page(kind: str, asked: Asked, url: str) -> Body:
    """A page of a list, newest first; a filter that Stripe does not have is refused."""
    rows = DevelopmentObject.objects.filter(type=kind)
    for name, value in asked.items():
        if name in PAGING:
            continue
        rows = rows.filter(_condition(kind, name, value))
    if kind == "subscription" and "status" not in asked:
        rows = rows.exclude(body__status="canceled")
    created = {f"body__created__{edge}": int(value) for edge, value in asked.get("created", {}).items()}
    rows = rows.filter(**created)
    return _cut(rows, asked, url)


def _condition(kind: str, name: str, value: Any) -> Q:
    if kind == "subscription" and name == "status" and value == "all":
        return Q()
    if name == "types" and len(value) > MOST_TYPES:
        raise Refusal(f"Array types exceeded maximum {MOST_TYPES} allowed elements.", param="types")
    if (kind, name) in DEEPER:
        return Q(**{DEEPER[kind, name]: value})
    if name in FILTERS.get(kind, ()):
        return Q(**{f"body__{name}": value})
    raise Refusal(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def _cut(rows: Any, asked: Asked, url: str) -> Body:
    limit = int(asked.get("limit", 10))
    if not 1 <= limit <= 100:
        raise Refusal("Invalid limit: must be between 1 and 100", code="parameter_invalid_integer")
    newest_first = "ending_before" not in asked
    if after := asked.get("starting_after"):
        rows = rows.filter(pk__lt=_place(after))
    if before := asked.get("ending_before"):
        rows = rows.filter(pk__gt=_place(before))
    found = [row.body for row in rows.order_by("-pk" if newest_first else "pk")[: limit + 1]]
    shown = found[:limit] if newest_first else found[:limit][::-1]
    return listed(shown, url, has_more=len(found) > limit)


def _place(stripe_id: str) -> int:
    return DevelopmentObject.objects.get(stripe_id=stripe_id).pk


def expand(body: Body, paths: Iterable[str]) -> Body:
    """The body, with the objects that the paths name in the place of their ids."""
    for path in paths:
        names = path.split(".")
        if len(names) > MOST_LEVELS:
            raise Refusal(f"You cannot expand more than {MOST_LEVELS} levels", param="expand")
        _expand(body, names)
    return body


def _expand(body: Body, names: list[str]) -> None:
    if not names:
        return
    name, rest = names[0], names[1:]
    if name not in body:
        body[name] = _included(body, name)
    if isinstance(body[name], str):
        body[name] = DevelopmentObject.objects.get(stripe_id=body[name]).body
    inner = body[name] if isinstance(body[name], list) else [body[name]]
    for one in inner:
        if one is not None:
            _expand(one, rest)


def _included(body: Body, name: str) -> Body:
    """Lists that are only in an object when asked for."""
    kind = {("invoice", "payments"): "invoice_payment", ("charge", "refunds"): "refund"}.get(
        (str(body.get("object")), name)
    )
    if kind is None:
        raise Refusal(f"This property cannot be expanded ({name}).", param="expand")
    rows = DevelopmentObject.objects.of(kind, **{str(body["object"]): body["id"]})
    return listed([row.body for row in reversed(rows)], f"/v1/{name}")
