"""This installation, and what waits to leave it."""

from datetime import timedelta
from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from telemetry.consent.models import ConsentRecord
from telemetry.delivery.querysets import DeliveryCountQuerySet, DeliveryQuerySet
from telemetry.instants import InstantField
from telemetry.log.models import Event
from telemetry.operations.pending import PendingWork
from telemetry.people.models import Person

#: A heartbeat is queued within two turns of its job.
PUNCTUAL = timedelta(minutes=10)


class Layer(models.TextChoices):
    """The two layers, which never mix."""

    BASE = "base", _("Base")
    DETAILED = "detailed", _("Detailed")


class Installation(models.Model):
    """This installation; one row, one identity under any number of processes."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    install_id = models.UUIDField(_("installation id"), default=uuid4, editable=False)
    first_seen_at = InstantField(_("first seen"))
    first_seen_sent_at = InstantField(_("first seen, delivered"), null=True)
    detailed_enabled = models.BooleanField(_("detailed telemetry"), default=False)
    switched_at = InstantField(_("switched"), null=True)
    switched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    optin_ping_sent_at = InstantField(_("opt-in ping, delivered"), null=True)
    heartbeat_at = InstantField(_("last heartbeat, planned"), null=True)
    heartbeat_queued_at = InstantField(_("last heartbeat, queued"), null=True)
    paused_at = InstantField(
        _("delivery paused"), null=True, help_text=_("The sink refused our credentials.")
    )
    failures = models.PositiveIntegerField(_("failures since the last delivery"), default=0)
    resume_at = InstantField(_("next try"), null=True)
    resting_from = models.CharField(
        _("resting from"),
        max_length=16,
        blank=True,
        default="",
        help_text=_("Digest of the failed sink."),
    )
    last_delivery_at = InstantField(_("last delivery"), null=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True, default="")
    last_error_at = InstantField(_("last error at"), null=True)

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installation")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_installation")]

    def __str__(self) -> str:
        return str(self.install_id)

    @property
    def heartbeat_was_late(self) -> bool:
        """Whether the last heartbeat was caught up after its moment."""
        if self.heartbeat_at is None or self.heartbeat_queued_at is None:
            return False
        late: bool = self.heartbeat_queued_at - self.heartbeat_at > PUNCTUAL
        return late


class Delivery(PendingWork):
    """One record on its way to the sink; it goes when it is delivered or dropped, and is counted then.

    `attempts` 0 is a row that nobody has touched: it is counted as queued when it is first claimed, or
    dropped, so that no page waits for a counter.
    """

    drained_by = "telemetry.tasks.deliver"

    layer = models.CharField(_("layer"), max_length=10, choices=Layer.choices)
    record_id = models.UUIDField(
        _("record id"), default=uuid4, help_text=_("Stable over retries: the sink can tell a repetition.")
    )
    name = models.CharField(_("name"), max_length=64)
    occurred_at = InstantField(_("occurred"))
    attributes = models.JSONField(_("attributes"), default=dict)
    event = models.ForeignKey(
        Event, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    consent = models.ForeignKey(
        ConsentRecord, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )

    objects: ClassVar[DeliveryQuerySet] = DeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(PendingWork.Meta):
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record_id"], name="one_delivery_per_record"),
            models.CheckConstraint(
                condition=models.Q(layer="base", person=None, consent=None)
                | models.Q(layer="detailed", consent__isnull=False),
                name="nothing_detailed_leaves_without_consent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"


class DeliveryCount(models.Model):
    """How many records met which end: queued = delivered + dropped + pending, at all times.

    To QUEUED belong the rows that nobody has touched yet (`Delivery.attempts` 0) besides.
    """

    class Outcome(models.TextChoices):
        """What happened to a record."""

        QUEUED = "queued", _("Queued")
        DELIVERED = "delivered", _("Delivered")
        DROPPED = "dropped", _("Dropped")

    layer = models.CharField(_("layer"), max_length=10, choices=Layer.choices)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    reason = models.CharField(_("reason"), max_length=32, blank=True, default="")
    count = models.PositiveBigIntegerField(_("records"), default=0)

    objects: ClassVar[DeliveryCountQuerySet] = DeliveryCountQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("delivery count")
        verbose_name_plural = _("delivery counts")
        constraints = [
            models.UniqueConstraint(fields=["layer", "outcome", "reason"], name="one_count_per_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.layer} {self.outcome} {self.reason}: {self.count}"
