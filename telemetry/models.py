"""All models of the app, each from its room."""

from telemetry.consent.models import ConsentRecord
from telemetry.delivery.models import Delivery, DeliveryCount, Installation
from telemetry.experiments.models import Arm, Assignment, Experiment, Exposure, Phase
from telemetry.log.models import ApiKey, Event, EventType, Project
from telemetry.operations.limits import LimitCount
from telemetry.operations.models import Alert, AlertMail, AuditEntry, Heartbeat, Slot
from telemetry.people.models import Person, PersonAlias, Tombstone
from telemetry.segments.models import Segment, SegmentRefresh, SegmentWatermark

__all__ = [
    "Alert",
    "AlertMail",
    "ApiKey",
    "Arm",
    "Assignment",
    "AuditEntry",
    "ConsentRecord",
    "Delivery",
    "DeliveryCount",
    "Event",
    "EventType",
    "Experiment",
    "Exposure",
    "Heartbeat",
    "Installation",
    "LimitCount",
    "Person",
    "PersonAlias",
    "Phase",
    "Project",
    "Segment",
    "SegmentRefresh",
    "SegmentWatermark",
    "Slot",
    "Tombstone",
]
