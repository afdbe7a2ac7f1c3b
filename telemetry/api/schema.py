"""What the OpenAPI document says of the views that the REST framework does not know."""

from __future__ import annotations

from typing import Any

import msgspec
from django.urls import reverse
from drf_spectacular.extensions import OpenApiAuthenticationExtension

from telemetry.api.events import MOST_EVENTS
from telemetry.log.ingest import Verdicts
from telemetry.log.items import Item

REF = "#/components/schemas/{name}"
VERDICTS = {
    "unknown_event": "No event of this name is declared.",
    "server_only": "Only the server writes it, or a key made with --facts.",
    "too_old": "Before the months that EVENT_RETENTION_MONTHS keeps.",
    "erased": "Its person was erased after it happened.",
    "invalid": "A value no event can have; the message begins with the field's name.",
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["code", "message", "fields"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "fields": {"type": "object", "additionalProperties": {}},
    },
}
REFUSALS = {
    400: "The body as a whole is unusable (encoding, NaN, duplicate keys, depth, an empty list, more than "
    f"{MOST_EVENTS} events), or a lone event got a verdict.",
    401: "No key, or one that opens nothing.",
    403: "A key of another scope.",
    411: "No Content-Length.",
    413: "The body is too large; nothing of it was read.",
    415: "Not application/json in UTF-8.",
    429: "The key's quota of this minute is spent; see Retry-After.",
    503: "The database does not answer; see Retry-After.",
}


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a key is sent."""

    target_class = "telemetry.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: object) -> dict[str, Any]:
        """A bearer key."""
        return {"type": "http", "scheme": "bearer"}


def describe_events(result: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
    """drf-spectacular's hook: adds `POST events/`, its schemas taken from what the parser enforces."""
    _roots, components = msgspec.json.schema_components([Item, Verdicts], ref_template=REF)
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {"Event" if name == "Item" else name: schema for name, schema in components.items()}
    schemas["Problem"] = PROBLEM
    result.setdefault("paths", {})[reverse("events")] = {"post": operation()}
    return result


def operation() -> dict[str, Any]:
    """`POST events/`."""
    event = {"$ref": REF.format(name="Event")}
    batch = {"type": "array", "items": event, "minItems": 1, "maxItems": MOST_EVENTS}
    verdicts = "".join(f"\n* `{code}`: {meaning}" for code, meaning in VERDICTS.items())
    return {
        "operationId": "events_create",
        "tags": ["events"],
        "summary": "Send events",
        "description": "Accepted means stored; sending anything again adds nothing. Bad events get "
        f"verdicts, the others are stored all the same:{verdicts}",
        "security": [{"key": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"oneOf": [batch, event]}}},
        },
        "responses": {
            "202": answer("What became of each.", "Verdicts"),
            **{str(status): answer(meaning, "Problem") for status, meaning in REFUSALS.items()},
        },
    }


def answer(description: str, schema: str) -> dict[str, Any]:
    """A JSON answer of a named schema."""
    content = {"application/json": {"schema": {"$ref": REF.format(name=schema)}}}
    return {"description": description, "content": content}
