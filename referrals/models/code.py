"""The code that somebody shares. It is public, and proves nothing."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referrals.codes import ALPHABET, LENGTH
from referrals.querysets.codes import ReferralClickQuerySet, ReferralCodeQuerySet
from telemetry.people.models import Person

LONGEST_NAME = 40


class ReferralCode(models.Model):
    """Eight characters, unique for ever."""

    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="referral_codes",
        verbose_name=_("person"),
    )
    code = models.CharField(_("code"), max_length=LENGTH, unique=True)
    is_primary = models.BooleanField(
        _("primary"), default=True, help_text=_("The one that the person is shown.")
    )
    shown_name = models.CharField(
        _("shown name"),
        max_length=LONGEST_NAME,
        blank=True,
        default="",
        help_text=_("How its owner wants to be called in invitations; empty: not at all."),
    )
    created_at = models.DateTimeField(_("created"))
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True)

    objects: ClassVar[ReferralCodeQuerySet] = ReferralCodeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("referral code")
        verbose_name_plural = _("referral codes")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(is_primary=True), name="one_primary_code_per_person"
            ),
            models.CheckConstraint(
                condition=Q(code__regex=rf"^[{ALPHABET}]{{{LENGTH}}}$"), name="a_code_is_of_its_alphabet"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def disable(self, at: datetime) -> bool:
        """Let it bring nobody any more; False when it was disabled before.

        It stays the one that its owner is shown: who was stopped gets no other by looking again.
        """
        moved = ReferralCode.objects.filter(pk=self.pk, disabled_at=None).update(disabled_at=at)
        if moved:
            self.disabled_at = at
        return bool(moved)

    def enable(self) -> bool:
        """Let a disabled code that its owner is still shown bring people again; False when it did."""
        still_shown = ReferralCode.objects.filter(pk=self.pk, is_primary=True, disabled_at__isnull=False)
        moved = still_shown.update(disabled_at=None)
        if moved:
            self.disabled_at = None
        return bool(moved)

    def retire(self, at: datetime) -> None:
        """Disable it for good: another takes its place."""
        self.disable(at)
        ReferralCode.objects.filter(pk=self.pk).update(is_primary=False)
        self.is_primary = False

    def name_as(self, name: str) -> bool:
        """What invitations call its owner; False when that is so already."""
        moved = ReferralCode.objects.filter(pk=self.pk).exclude(shown_name=name).update(shown_name=name)
        self.shown_name = name
        return bool(moved)


class ReferralClick(models.Model):
    """How often a code's link was opened on a day; nobody is named."""

    code = models.ForeignKey(
        ReferralCode, on_delete=models.CASCADE, related_name="clicks", verbose_name=_("code")
    )
    day = models.DateField(_("day"))
    count = models.PositiveIntegerField(_("times"), default=0)

    objects: ClassVar[ReferralClickQuerySet] = ReferralClickQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("opened link")
        verbose_name_plural = _("opened links")
        constraints = [models.UniqueConstraint(fields=["code", "day"], name="one_count_per_code_and_day")]

    def __str__(self) -> str:
        return f"{self.code} {self.day}: {self.count}"
