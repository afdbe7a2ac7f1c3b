"""What is known of a person as a supporter: access, preferences, what was asked of them and when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from donations.events import Prompt
from donations.querysets.supporters import REST, SupporterQuerySet
from telemetry.people.models import Person


class Tier(models.TextChoices):
    """What a person pays for."""

    FREE = "free", _("Free")
    PAID = "paid", _("Paid")


class Supporter(models.Model):
    """One row a person. `credit_until` is the ledger's projection and written by the ledger alone."""

    person = models.OneToOneField(
        Person, primary_key=True, on_delete=models.CASCADE, related_name="supporter", verbose_name=_("person")
    )
    tier = models.CharField(_("tier"), max_length=8, choices=Tier.choices, default=Tier.FREE)
    grace_until = models.DateTimeField(
        _("grace until"), null=True, blank=True, help_text=_("While a renewal is past due, access ends here.")
    )
    credit_until = models.DateTimeField(_("credit until"), null=True, blank=True)
    last_gift_at = models.DateTimeField(_("last gift"), null=True, blank=True)

    never_ask = models.BooleanField(_("never ask"), default=False)
    asks_rest_until = models.DateTimeField(
        _("asks rest until"), null=True, blank=True, help_text=_("Thirty days from a support click.")
    )
    dismissals = models.JSONField(
        _("dismissals"), default=dict, blank=True, help_text=_("By placement: when, in ISO 8601, UTC.")
    )

    reports_generated = models.PositiveIntegerField(_("reports generated"), default=0)
    after_report_armed_at = models.DateTimeField(_("after-report prompt armed"), null=True, blank=True)
    prompted_at = models.DateTimeField(_("last soft prompt"), null=True, blank=True)
    after_report_shown_at = models.DateTimeField(_("after-report prompt shown"), null=True, blank=True)
    seven_day_shown_at = models.DateTimeField(_("seven-day prompt shown"), null=True, blank=True)
    active_today_shown_at = models.DateTimeField(_("active-today prompt shown"), null=True, blank=True)
    long_session_shown_at = models.DateTimeField(_("long-session prompt shown"), null=True, blank=True)

    objects: ClassVar[SupporterQuerySet] = SupporterQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("supporter")
        verbose_name_plural = _("supporters")
        constraints = [
            models.CheckConstraint(condition=models.Q(tier__in=Tier.values), name="supporter_tier_is_known")
        ]

    def __str__(self) -> str:
        return f"supporter {self.person_id}"

    def has_paid_access(self, at: datetime) -> bool:
        """Whether they may use what is paid for at `at`: by a live membership, or by credit."""
        member = self.tier == Tier.PAID and (self.grace_until is None or at < self.grace_until)
        return member or (self.credit_until is not None and self.credit_until > at)

    def was_dismissed(self, placement: str, at: datetime) -> bool:
        """Whether they did not want to see it there, within the last thirty days."""
        said = self.dismissals.get(placement)
        return said is not None and at < datetime.fromisoformat(said) + REST

    def shown_at(self, kind: Prompt) -> datetime | None:
        """When a soft prompt was shown last."""
        shown: datetime | None = getattr(self, f"{kind.value}_shown_at")
        return shown
