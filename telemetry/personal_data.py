"""What the fields of telemetry hold, how they lead to a person, and what erasure leaves of them."""

from django.db.models import QuerySet

from telemetry.log.models import Event
from telemetry.operations.models import AuditEntry
from telemetry.people.registry import Subject, holding, names_of

PENDING_WORK = "id state attempts next_try_at lease_until last_error created_at done_at"


def events_of(subject: Subject) -> QuerySet[Event]:
    """By all types, which is what the log has an index for."""
    return Event.objects.none() if subject.person is None else Event.objects.of(subject.person)


def audit_entries_about(subject: Subject) -> QuerySet[AuditEntry]:
    """What was done to them, and whatever names them. What they did to others is in the others' entries."""
    them = [row for row in (subject.person, subject.account) if row is not None]
    return AuditEntry.objects.about(them, names_of(subject))


FIELDS = {
    "Person": holding(
        personal="time_zone",
        pseudonym="id public_id account",
        none="signed_up_at sign_up_stated kept_out",
        person="pk",
        names="public_id",
    ),
    "PersonAlias": holding(pseudonym="person value", none="id kind", person="person", names="value"),
    "Tombstone": holding(
        pseudonym="digest",
        none="id erased_at",
        kept="It refuses a replay; without the site's key it names nobody.",
    ),
    "EventType": holding(none="id name meaning counts_as_use declared_by"),
    # People name their projects as they like.
    "Project": holding(
        personal="name",
        none="id",
        kept="It is told with the events, and goes when no event of anybody names it.",
    ),
    "Event": holding(
        personal="properties",
        pseudonym="person project key consent",
        none="id type occurred_at origin source duration_seconds clock_ahead",
        found=events_of,
    ),
    "ConsentRecord": holding(
        pseudonym="id person",
        none="scope granted text_version source at",
        person="person",
        blanks="person",
    ),
    "Experiment": holding(none="id key name state salt phase rolled_out_to started_at ended_at created_at"),
    "Arm": holding(none="id experiment name weight position"),
    "Phase": holding(none="id experiment number weights began_at"),
    "Assignment": holding(pseudonym="person", none="id experiment arm phase at", person="person"),
    "Exposure": holding(pseudonym="person", none="id experiment arm at", person="person"),
    "ApiKey": holding(
        none="id name scope may_state_facts prefix digest events_per_minute created_at revoked_at"
    ),
    "Slot": holding(none="id job slot claimed_at"),
    "LimitCount": holding(
        pseudonym="subject",
        none="id window_ends_at count",
        kept="A keyed digest that names nobody, and is pruned when its hour is over.",
    ),
    "Heartbeat": holding(
        none="id job expected_since started_at finished_at seconds failed_at last_error runs"
    ),
    "Alert": holding(none="id key severity message count first_seen_at last_seen_at resolved_at"),
    "AlertMail": holding(none=f"{PENDING_WORK} alert"),
    # Who did it is emptied when the account goes; that it was done stays.
    "AuditEntry": holding(
        personal="before after cause",
        pseudonym="actor object",
        none="id at action",
        found=audit_entries_about,
        blanks="before after cause",
    ),
    "Segment": holding(
        pseudonym="person",
        none=(
            "entries_last_24h entries_last_7_days entries_last_30_days entries_all_time"
            " active_projects_count total_projects_count timer_entries_count manual_entries_count"
            " seconds_tracked tasks_assigned tasks_completed last_login_event_at computed_at is_ahead"
        ),
        person="person",
    ),
    "SegmentWatermark": holding(none="id as_of full_at needs_full settled_event_id seen_event_id"),
    "SegmentRefresh": holding(pseudonym="person", none=PENDING_WORK, person="person"),
    # Names no person, and a company that runs it is none.
    "Installation": holding(
        pseudonym="switched_by",
        none=(
            "id install_id first_seen_at first_seen_sent_at detailed_enabled switched_at optin_ping_sent_at"
            " heartbeat_at heartbeat_queued_at paused_at failures resume_at resting_from last_delivery_at"
            " last_error last_error_at"
        ),
        account="switched_by",
        blanks="switched_by",
    ),
    "Delivery": holding(
        personal="attributes",
        pseudonym="person event consent record_id",
        none=f"{PENDING_WORK} layer name occurred_at",
        person="person",
    ),
    "DeliveryCount": holding(none="id layer outcome reason count"),
}
