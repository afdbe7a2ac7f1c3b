"""From rows of the queue to records that may leave."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from uuid import UUID

from telemetry.delivery.models import Delivery, Installation, Layer
from telemetry.delivery.records import Record
from telemetry.delivery.redaction import redacted
from telemetry.delivery.schema import allowed, origin_of


def record_of(row: Delivery, installation: Installation, public_ids: Mapping[int, UUID]) -> Record:
    """The record of one row: of base what its schema knows, of detailed what is not personal.

    `public_ids` names the person of each row of the detailed layer.
    """
    if row.layer == Layer.BASE or row.person_id is None:
        return Record(row.name, row.occurred_at, allowed(row.attributes))
    origin = origin_of(installation)
    ours = {
        "install_id": str(origin.install_id),
        "app_version": origin.app_version,
        "deployment": origin.deployment,
        "person": opaque_id(public_ids[row.person_id], origin.install_id),
        "record_id": str(row.record_id),
        "consent_id": row.consent_id,
    }
    return Record(row.name, row.occurred_at, redacted(row.attributes) | ours)


def opaque_id(public_id: UUID, install_id: UUID) -> str:
    """By which the sink tells people of one installation apart, and follows nobody to another one."""
    return hmac.digest(install_id.bytes, public_id.bytes, "sha256").hex()
