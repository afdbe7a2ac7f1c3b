"""What the offline Stripe remembers: the development checkout's and the tests' whole world of money."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

Body = dict[str, Any]
"""An object as Stripe writes it: plain JSON."""


class DevelopmentObjectQuerySet(models.QuerySet["DevelopmentObject"]):
    """Questions to the offline Stripe's memory."""

    def of(self, kind: str, **facts: Any) -> Self:
        """Objects of a type, oldest first, whose JSON holds these facts."""
        return self.filter(type=kind, **{f"body__{name}": fact for name, fact in facts.items()}).order_by(
            "pk"
        )

    def body(self, stripe_id: str) -> Body:
        """One object, held until the transaction ends; DoesNotExist for an unknown id."""
        body: Body = self.select_for_update().get(stripe_id=stripe_id).body
        return body

    def keep(self, body: Body, at: datetime, asked: Body | None = None) -> Body:
        """Remember a new object, and what was asked for when it was made."""
        self.create(stripe_id=body["id"], type=body["object"], body=body, asked=asked or {}, created_at=at)
        return body

    def change(self, body: Body, **values: Any) -> Body:
        """Remember what became of an object."""
        body.update(values)
        self.filter(stripe_id=body["id"]).update(body=body)
        return body


class DevelopmentObject(models.Model):
    """One object of the offline Stripe."""

    stripe_id = models.CharField(_("id"), max_length=255, unique=True)
    type = models.CharField(_("type"), max_length=64)
    body = models.JSONField(_("object"))
    asked = models.JSONField(
        _("asked"), default=dict, blank=True, help_text=_("What was asked for, and is not in the object.")
    )
    created_at = models.DateTimeField(_("created"))

    objects: ClassVar[DevelopmentObjectQuerySet] = DevelopmentObjectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("development object")
        verbose_name_plural = _("development objects")
        indexes = [models.Index(fields=["type"], name="development_object_type")]

    def __str__(self) -> str:
        return self.stripe_id
