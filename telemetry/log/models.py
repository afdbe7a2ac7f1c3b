"""The one event log, and who may write to it."""

from datetime import datetime
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from telemetry.consent.models import ConsentRecord
from telemetry.instants import InstantField
from telemetry.log.events import declared_as, is_reserved, is_sayable
from telemetry.log.indexes import ArrivalIndex
from telemetry.log.keys import ApiKeyQuerySet, new_secret
from telemetry.log.querysets import EventQuerySet, EventTypeQuerySet, ProjectQuerySet
from telemetry.people.models import Person


class EventType(models.Model):
    """A word of the vocabulary: declared by a class of ours or by staff."""

    class DeclaredBy(models.TextChoices):
        """Where the word comes from."""

        CODE = "code", _("The product's code")
        STAFF = "staff", _("Staff")

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=64, unique=True)
    meaning = models.CharField(_("meaning"), max_length=300)
    counts_as_use = models.BooleanField(
        _("counts as use"), default=False, help_text=_("Whether it makes somebody active.")
    )
    declared_by = models.CharField(
        _("declared by"), max_length=8, choices=DeclaredBy.choices, default=DeclaredBy.STAFF
    )

    objects: ClassVar[EventTypeQuerySet] = EventTypeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("event type")
        verbose_name_plural = _("event types")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a name that staff may not declare."""
        if is_reserved(self.name):
            raise ValidationError(
                {"name": _("This name is reserved: base_telemetry.* and activity are.")}, code="reserved"
            )
        if not is_sayable(self.name):
            wanted = _("A name begins with a letter; letters, digits and _ . : - follow, 64 in all at most.")
            raise ValidationError({"name": wanted}, code="malformed")
        if declared_as(self.name):
            raise ValidationError(
                {"name": _("The product's code declares this event.")}, code="declared_by_code"
            )


class Project(models.Model):
    """Something people work on; a dictionary that keeps the log's rows narrow."""

    name = models.CharField(_("name"), max_length=200, unique=True)

    objects: ClassVar[ProjectQuerySet] = ProjectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="an_empty_project_is_no_project")
        ]

    def __str__(self) -> str:
        return self.name


class Origin(models.IntegerChoices):
    """Through which door an event came; its key is idempotent within its origin."""

    PRODUCT = 0, _("product")
    API = 1, _("api")
    CSV = 2, _("csv")


class Event(models.Model):
    """What happened, to whom, when. Its id is the order of ingest and breaks ties of time."""

    # Types and projects are small dictionaries whose rows are never deleted: a foreign key of the database
    # would check each of them for each event, which costs a fifth of what storing it costs in all.
    type = models.ForeignKey(
        EventType, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    # Erasure deletes the events first, naming every type: the funnel's index serves it, and none on the
    # person alone has to be kept (607 MB on 20 M rows, and it misleads the planner).
    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, db_index=False, related_name="events")
    occurred_at = InstantField(_("occurred"))
    origin = models.PositiveSmallIntegerField(choices=Origin.choices)
    key = models.BinaryField(max_length=16, help_text=_("Digest of the key the sender gave."))
    project = models.ForeignKey(
        Project,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
    )
    source = models.CharField(max_length=32, blank=True, default="")
    duration_seconds = models.PositiveIntegerField(null=True, blank=True)
    properties = models.JSONField(null=True, blank=True)
    consent = models.ForeignKey(
        ConsentRecord,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # append-only, so the row stays; and no look-up for each event of a batch
        db_index=False,
        related_name="+",
        help_text=_("The answer that allowed it, where one was needed or given."),
    )
    clock_ahead = models.BooleanField(
        default=False, help_text=_("Sent more than five minutes ahead of its receipt, and clamped to it.")
    )

    objects: ClassVar[EventQuerySet] = EventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [models.UniqueConstraint(fields=["origin", "key"], name="event_identity")]
        indexes = [
            models.Index(fields=["type", "person", "occurred_at", "id"], name="event_steps"),
            ArrivalIndex(fields=["occurred_at"], name="event_occurred"),
            # How much of a report has consent is asked with every dashboard; without any it is empty.
            models.Index(
                fields=["type", "occurred_at"],
                condition=models.Q(consent__isnull=False),
                name="event_consented",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.occurred_at:%Y-%m-%d %H:%M:%S}"


class ApiKey(models.Model):
    """A program's way in; only a digest of the secret is kept."""

    class Scope(models.TextChoices):
        """What the key opens."""

        INGEST = "ingest", _("Send events")
        READ = "read", _("Read reports")

    name = models.CharField(_("name"), max_length=64)
    scope = models.CharField(_("scope"), max_length=8, choices=Scope.choices)
    may_state_facts = models.BooleanField(
        _("may state facts"),
        default=False,
        help_text=_("Whether it may send events that only the server writes: payments, referrals, logins."),
    )
    prefix = models.CharField(_("prefix"), max_length=12)
    digest = models.BinaryField(max_length=32, unique=True)
    events_per_minute = models.PositiveIntegerField(_("quota, events a minute"), default=3_000_000)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects: ClassVar[ApiKeyQuerySet] = ApiKeyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def rotate(self) -> str | None:
        """Give the key a new secret, returned once; the old one opens nothing any more. None when revoked."""
        secret = new_secret(self.scope)
        moved = ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(
            prefix=secret.prefix, digest=secret.digest
        )
        return secret.text if moved else None

    def revoke(self, at: datetime) -> bool:
        """Close the key for good, at once; False when it was closed before."""
        return bool(ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=at))
