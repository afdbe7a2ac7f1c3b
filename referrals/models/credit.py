"""The ledger of credit: every day of paid access that was given or taken, who did it and why. Append-only."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referrals.models.referral import Referral
from referrals.querysets.credits import CreditGrantQuerySet
from telemetry.people.models import Person


class Kind(models.TextChoices):
    """Why days are given or taken."""

    REFERRER = "referral_referrer", _("Brought a friend")
    REFERRED = "referral_referred", _("Came by a friend")
    ADMIN = "admin", _("Given by staff")
    REFUND_AS_CREDIT = "refund_as_credit", _("Refund as credit")
    REVERSAL = "reversal", _("Taken back")
    REINSTATEMENT = "reinstatement", _("Given again")
    STARTED = "started", _("Bank emptied")


REWARDS = (Kind.REFERRER, Kind.REFERRED)


class CreditGrant(models.Model):
    """One entry. `Supporter.credit_until` is what all entries of a person come to."""

    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="credit_grants",
        verbose_name=_("person"),
    )
    referral = models.ForeignKey(
        Referral,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="grants",
        verbose_name=_("referral"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    days = models.IntegerField(_("days"), help_text=_("Negative: taken."))
    shortfall_seconds = models.PositiveBigIntegerField(
        _("shortfall"),
        default=0,
        help_text=_("Seconds that could not be taken, since they were used; so they are not given again."),
    )
    is_banked = models.BooleanField(
        _("banked"), default=False, help_text=_("These days wait until paid cover ends.")
    )
    reverses = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reversed_by",
        verbose_name=_("about"),
        help_text=_("The grant that is taken back, or given again."),
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("by whom"),
    )
    note = models.CharField(_("reason"), max_length=300, blank=True, default="")
    effective_at = models.DateTimeField(_("effective"))
    created_at = models.DateTimeField(_("entered"))
    idem_key = models.CharField(_("once"), max_length=255, unique=True)

    objects: ClassVar[CreditGrantQuerySet] = CreditGrantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("credit")
        verbose_name_plural = _("credits")
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "kind"],
                condition=Q(kind__in=REWARDS),
                name="one_reward_per_side",
                violation_error_message=_("This referral has already been rewarded."),
            ),
            models.CheckConstraint(condition=~Q(days=0), name="a_credit_is_of_days"),
            models.CheckConstraint(
                condition=Q(days__lt=0) | ~Q(kind="reversal"), name="a_reversal_takes_days"
            ),
            models.CheckConstraint(
                condition=Q(days__gt=0) | Q(kind__in=("reversal", "admin")), name="a_grant_gives_days"
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=False) | ~Q(kind__in=("reversal", "reinstatement")),
                name="a_reversal_says_of_what",
            ),
        ]
        indexes = [models.Index(fields=["person", "created_at", "id"], name="credit_replay")]

    def __str__(self) -> str:
        return f"{self.days:+d} {self.kind}"

    @property
    def is_reward(self) -> bool:
        """Whether it was given for an introduction."""
        return self.kind in REWARDS

    @property
    def empties_the_bank(self) -> bool:
        """Whether it lets all days run that waited for the end of paid cover."""
        return self.kind == Kind.STARTED

    def family(self) -> list[CreditGrant]:
        """It, and what was taken of it and given again, in order."""
        return [self, *CreditGrant.objects.filter(reverses=self).order_by("created_at", "id")]
