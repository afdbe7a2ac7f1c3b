"""What keeps the house running, and what it remembers of that."""

from datetime import datetime
from email.utils import parseaddr
from typing import ClassVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from telemetry.operations.pending import PendingWork
from telemetry.operations.querysets import AlertQuerySet, AuditEntryQuerySet, HeartbeatQuerySet


class Slot(models.Model):
    """One turn of a periodic job: claimed by whoever inserts it first, so that two beats do no harm."""

    job = models.CharField(max_length=100)
    slot = models.DateTimeField()
    claimed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="one_claim_per_slot")]

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%Y-%m-%d %H:%M}"


class Heartbeat(models.Model):
    """When a job last ran, for how long, and how it ended."""

    job = models.CharField(_("job"), max_length=100, unique=True)
    expected_since = models.DateTimeField(_("expected since"), null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    seconds = models.FloatField(_("seconds"), null=True)
    failed_at = models.DateTimeField(_("failed"), null=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, default="")
    runs = models.PositiveBigIntegerField(_("runs"), default=0)

    #: Known to rows of `with_lateness()`.
    is_late: bool
    is_failing: bool

    objects: ClassVar[HeartbeatQuerySet] = HeartbeatQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["job"]

    def __str__(self) -> str:
        return self.job


class Alert(models.Model):
    """Something staff should know; unique while open."""

    class Severity(models.TextChoices):
        """How soon somebody should look."""

        WARNING = "warning", _("Warning")
        CRITICAL = "critical", _("Critical")

    key = models.CharField(_("key"), max_length=150)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    message = models.CharField(_("message"), max_length=500)
    count = models.PositiveIntegerField(_("times seen"), default=1)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-last_seen_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(resolved_at=None), name="one_open_alert_per_key"
            )
        ]

    def __str__(self) -> str:
        return self.key


class AlertMail(PendingWork):
    """The one mail of an alert's opening."""

    drained_by = "telemetry.tasks.send_alert_mails"

    alert = models.OneToOneField(Alert, on_delete=models.CASCADE, related_name="mail")

    class Meta(PendingWork.Meta):
        verbose_name = _("alert mail")
        verbose_name_plural = _("alert mails")

    def __str__(self) -> str:
        return f"mail of {self.alert}"

    def perform(self, now: datetime) -> None:
        """Send it to `ALERT_EMAILS`; the same Message-ID whenever it is sent again."""
        domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
        EmailMessage(
            subject=f"[Growth] {self.alert.get_severity_display()}: {self.alert.key}",
            body=_("%(message)s\n\nFirst seen %(seen)s.\n%(url)s\n")
            % {
                "message": self.alert.message,
                "seen": f"{self.alert.first_seen_at:%Y-%m-%d %H:%M:%S} UTC",
                "url": f"{settings.SITE_URL}/admin/",
            },
            to=settings.ALERT_EMAILS,
            headers={"Message-ID": f"<alert-{self.alert_id}@{domain}>"},
        ).send()


class AuditEntry(models.Model):
    """Who did what to which object, why, and what changed. Append-only."""

    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("actor"),
    )
    action = models.CharField(_("action"), max_length=64)
    object = models.CharField(_("object"), max_length=200, help_text=_("app.model:id, or what was seen."))
    before = models.JSONField(_("before"), null=True, blank=True)
    after = models.JSONField(_("after"), null=True, blank=True)
    cause = models.CharField(_("cause"), max_length=300, blank=True, default="")

    objects: ClassVar[AuditEntryQuerySet] = AuditEntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} {self.object}"
