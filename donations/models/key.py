"""Supporter keys: a signature over an installation's System ID. A badge; it locks nothing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from donations.keys import Method
from donations.models.payment import Payment
from donations.querysets.keys import SupporterKeyQuerySet
from telemetry.operations.models import AuditEntry
from telemetry.people.models import Person

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class SupporterKey(models.Model):
    """A key that was issued here or found valid here; of one person, or of the whole installation."""

    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="supporter_keys",
        verbose_name=_("person"),
    )
    is_for_everybody = models.BooleanField(_("for the whole installation"), default=False)
    system_id = models.CharField(_("System ID"), max_length=128)
    signature = models.CharField(_("key"), max_length=128)
    method = models.CharField(_("method"), max_length=8, choices=Method.choices)
    payment = models.OneToOneField(
        Payment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="key",
        verbose_name=_("payment"),
        help_text=_("With which it was bought here."),
    )
    verified_at = models.DateTimeField(
        _("verified"), null=True, blank=True, help_text=_("When it was accepted as this installation's.")
    )
    deactivated_at = models.DateTimeField(_("deactivated"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    objects: ClassVar[SupporterKeyQuerySet] = SupporterKeyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("supporter key")
        verbose_name_plural = _("supporter keys")
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(verified_at__isnull=False, deactivated_at=None, is_for_everybody=False),
                name="one_verified_key_per_person",
            ),
            models.UniqueConstraint(
                fields=["is_for_everybody"],
                condition=Q(verified_at__isnull=False, deactivated_at=None, is_for_everybody=True),
                name="one_verified_key_for_everybody",
            ),
            models.CheckConstraint(
                condition=Q(is_for_everybody=False) | Q(person=None), name="a_key_for_everybody_is_nobodys"
            ),
        ]

    def __str__(self) -> str:
        return f"key {self.pk}"

    @property
    def stands(self) -> bool:
        """Whether it makes somebody a supporter: accepted here, and not deactivated."""
        return self.verified_at is not None and self.deactivated_at is None

    @property
    def went_with_its_money(self) -> bool:
        """Whether it is out of use, and because its payment went back."""
        if self.deactivated_at is None:
            return False
        deactivated = AuditEntry.objects.about([self], ()).filter(action="supporter_key.deactivated")
        last = deactivated.order_by("pk").last()
        return last is not None and last.actor_id is None and bool(last.cause)

    def mark_verified(self, at: datetime) -> bool:
        """Let it count here; False when it does, or when its owner has another that does."""
        unverified = SupporterKey.objects.filter(pk=self.pk, verified_at=None)
        try:
            with transaction.atomic():
                moved = unverified.update(verified_at=at)
        except IntegrityError:  # one_verified_key_per_person
            return False
        self.verified_at = at if moved else self.verified_at
        return bool(moved)

    @transaction.atomic
    def deactivate(self, *, by: AbstractBaseUser | None, at: datetime, cause: str) -> bool:
        """Take it out of use; False when it is. `by` None: its payment went back."""
        moved = SupporterKey.objects.filter(pk=self.pk, deactivated_at=None).update(deactivated_at=at)
        if moved:
            self.deactivated_at = at
            AuditEntry.objects.record(by, "supporter_key.deactivated", self, cause=cause, at=at)
        return bool(moved)

    @transaction.atomic
    def reactivate(self, *, by: AbstractBaseUser | None, at: datetime, cause: str) -> bool:
        """Put it back into use; False when it is, or when its owner has another."""
        out_of_use = SupporterKey.objects.filter(pk=self.pk, deactivated_at__isnull=False)
        try:
            with transaction.atomic():
                moved = out_of_use.update(deactivated_at=None)
        except IntegrityError:  # one_verified_key_…
            return False
        if moved:
            self.deactivated_at = None
            AuditEntry.objects.record(by, "supporter_key.reactivated", self, cause=cause, at=at)
        return bool(moved)
