"""Funnels that staff saved."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedFunnel(models.Model):
    """A funnel that staff watch beside the shipped ones."""

    slug = models.SlugField(_("slug"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=100)
    steps = models.JSONField(
        _("steps"),
        help_text=_('In order: [{"event": "auth.signed_up", "where": {}}, …].'),
    )
    window_seconds = models.PositiveBigIntegerField(_("window, seconds"), default=7 * 86400)
    breakdown = models.CharField(_("broken down by"), max_length=64, blank=True, default="")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("saved funnel")
        verbose_name_plural = _("saved funnels")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(window_seconds__gt=0), name="a_funnel_has_a_window")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what cannot be asked: a shipped slug, unknown events, conditions nobody understands.

        The breakdown loses the blanks around it. It need not be declared: other programs send what they like.
        """
        from growth.funnels import SHIPPED, problems_of

        typed, self.breakdown = self.breakdown, self.breakdown.strip()
        errors: dict[str, list[str]] = dict(problems_of(self))
        if (typed and not self.breakdown) or not self.breakdown.isprintable():
            errors["breakdown"] = [str(_("The name of a property, without control characters."))]
        if self.slug in {shipped.slug for shipped in SHIPPED}:
            errors["slug"] = [str(_("A funnel that comes with Growth has this slug."))]
        if errors:
            raise ValidationError(errors)
