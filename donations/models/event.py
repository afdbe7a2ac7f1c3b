"""The inbox of what Stripe tells us."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from donations.models.work import StripeWork
from donations.querysets.events import StripeEventQuerySet
from telemetry.operations.pending import PendingWork

if TYPE_CHECKING:
    from donations.handlers import Work

#: How long a payload is kept; its row stays and refuses what is delivered again.
PAYLOAD_KEPT = timedelta(days=90)


class StripeEvent(StripeWork):
    """One event of Stripe's, stored before it is answered and worked on after."""

    class Ignored(models.TextChoices):
        """Why it was not worked on."""

        TYPE = "type", _("Nothing follows from its type")
        VERSION = "version", _("Its API version is not understood")

    drained_by = "donations.tasks.drain_stripe_events"
    failing = "stripe:failing"
    stays = True

    event_id = models.CharField(_("event"), max_length=255, unique=True)
    type = models.CharField(_("type"), max_length=100)
    api_version = models.CharField(_("API version"), max_length=40, blank=True, default="")
    livemode = models.BooleanField(_("live mode"))
    stripe_created_at = models.DateTimeField(_("created at Stripe"))
    object_id = models.CharField(_("object"), max_length=255, blank=True, default="")
    payload = models.JSONField(_("payload"), null=True, blank=True)
    ignored = models.CharField(
        _("ignored because"),
        max_length=40,
        choices=Ignored.choices,
        blank=True,
        default="",
        help_text=_("Empty: it was worked on."),
    )

    objects: ClassVar[StripeEventQuerySet] = StripeEventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(PendingWork.Meta):
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        indexes = [
            *PendingWork.Meta.indexes,
            models.Index(fields=["type", "object_id"], name="stripe_event_object"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def what(self) -> str:
        """Its type, as Stripe calls it."""
        return self.type

    def perform(self, now: datetime) -> Work:
        """Ask Stripe how things stand: what the event says may be old by now."""
        from donations.handlers import HANDLERS

        return HANDLERS[self.type](self, now)

    def record(self, outcome: Work, now: datetime) -> None:
        """All that follows, in the transaction that settles the event."""
        about = outcome(now)
        if about is None or about.person is None:  # a guest's or an erased person's: nobody could ask for it
            StripeEvent.objects.filter(pk=self.pk).update(payload=None)
        super().record(outcome, now)
