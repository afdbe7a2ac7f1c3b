"""The actor: a person, whatever the product, the browser or the accounts call them."""

from datetime import datetime
from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from telemetry.instants import InstantField
from telemetry.people.querysets import PersonQuerySet


class KeptOut(models.TextChoices):
    """Why somebody is left out of reports."""

    BOT = "bot", _("Bot")
    INTERNAL = "internal", _("Internal")


class Person(models.Model):
    """Somebody who does things, with an account or without."""

    public_id = models.UUIDField(_("public id"), unique=True, default=uuid4, editable=False)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="person",
        verbose_name=_("account"),
    )
    signed_up_at = InstantField(
        _("signed up"), null=True, blank=True, help_text=_("When stated; else the earliest event.")
    )
    sign_up_stated = models.BooleanField(
        _("sign-up stated"),
        default=False,
        help_text=_("Whether somebody told us the sign-up; events move it down only when nobody did."),
    )
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    kept_out = models.CharField(
        _("left out of reports"), max_length=16, choices=KeptOut.choices, blank=True, default=""
    )

    objects: ClassVar[PersonQuerySet] = PersonQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sign_up_stated=False) | models.Q(signed_up_at__isnull=False),
                name="a_stated_sign_up_has_a_time",
            ),
        ]
        indexes = [models.Index(fields=["signed_up_at"], name="person_signed_up")]
        permissions = [
            ("view_people", _("Can see the people behind a number")),
            ("export_people", _("Can export people")),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def was_active(self, at: datetime) -> bool:
        """Move an unstated sign-up down to this moment; False when it was that early, or stated."""
        if self.sign_up_stated or (self.signed_up_at is not None and self.signed_up_at <= at):
            return False
        earlier = models.Q(signed_up_at=None) | models.Q(signed_up_at__gt=at)
        moved = Person.objects.filter(earlier, pk=self.pk, sign_up_stated=False).update(signed_up_at=at)
        if moved:
            self.signed_up_at = at
        return bool(moved)


class PersonAlias(models.Model):
    """A name under which a person is known."""

    class Kind(models.TextChoices):
        """Who gave the name."""

        USER = "user", _("The product's own id")
        VISITOR = "visitor", _("Visitor")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="one_person_per_alias")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


class Tombstone(models.Model):
    """What is left of an erased alias: enough to refuse a replay, too little to name anybody."""

    digest = models.BinaryField(max_length=32, unique=True)
    erased_at = InstantField()

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")

    def __str__(self) -> str:
        return f"erased {self.erased_at}"
