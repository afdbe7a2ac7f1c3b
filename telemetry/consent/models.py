"""What people said about being measured: append-only, so that it can be proved."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from telemetry.instants import InstantField
from telemetry.people.models import Person


class Scope(models.TextChoices):
    """What a consent is about."""

    DETAILED = "detailed", _("Detailed product telemetry")


class Source(models.TextChoices):
    """Where the answer was given, or what stood in for it."""

    SETTINGS = "settings", _("Settings")
    FIRST_VISIT = "first_visit", _("First visit")
    GPC = "gpc", _("Global Privacy Control")
    DNT = "dnt", _("Do Not Track")
    SIGN_IN = "sign_in", _("Signing in")
    POLICY = "policy", _("The installation's policy")


class ConsentRecord(models.Model):
    """One answer of one person; the latest decides. Erasure takes the person out and leaves the answer."""

    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="consents")
    scope = models.CharField(_("scope"), max_length=16, choices=Scope.choices, default=Scope.DETAILED)
    granted = models.BooleanField(_("granted"))
    text_version = models.CharField(
        _("text version"), max_length=32, help_text=_("Which text the person was shown.")
    )
    source = models.CharField(_("source"), max_length=16, choices=Source.choices)
    at = InstantField(_("at"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [models.Index(fields=["person", "scope", "at", "id"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{'yes' if self.granted else 'no'} {self.at:%Y-%m-%d %H:%M}"
