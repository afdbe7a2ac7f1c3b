"""Cohorts: people who have something in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from growth.cohort_rules import parse_rules
from growth.shipped_cohorts import SHIPPED
from telemetry.people.models import Person, PersonAlias


@dataclass(frozen=True, slots=True)
class Listed:
    """What came of a list of names: how many people are new in the cohort, and whom nobody knows."""

    added: int
    unknown: tuple[str, ...]


class Cohort(models.Model):
    """A cohort that staff made: by rules over the segment properties, or from a list."""

    class Kind(models.TextChoices):
        """How it gets its people."""

        RULES = "rules", _("By rules")
        LIST = "list", _("From a list")

    slug = models.SlugField(_("slug"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=100)
    meaning = models.CharField(_("meaning"), max_length=300, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.RULES)
    rules = models.JSONField(
        _("rules"),
        default=list,
        blank=True,
        help_text=_('All must hold: [{"property": "engagement_level", "is": "high"}, …].'),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("cohort")
        verbose_name_plural = _("cohorts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse rules that cannot be understood, a list with rules, and the slug of a shipped cohort."""
        errors: dict[str, ValidationError] = {}
        if self.slug in {shipped.slug for shipped in SHIPPED}:
            errors["slug"] = ValidationError(_("A cohort that comes with Growth has this slug."))
        try:
            rules = parse_rules(self.rules)
        except ValidationError as error:
            errors["rules"] = error
        else:
            if self.kind == self.Kind.LIST and rules:
                errors["rules"] = ValidationError(_("A cohort from a list has no rules."))
            elif self.kind == self.Kind.RULES and not rules:
                errors["rules"] = ValidationError(_("A cohort by rules needs at least one."))
        if errors:
            raise ValidationError(errors)

    def add_people(self, names: Iterable[str]) -> Listed:
        """Put people on the list, each by the product's own id, else by the public id; again is harmless."""
        wanted = {stripped for name in names if (stripped := name.strip())}
        known = _people_called(wanted)
        before = self.members.count()
        self.members.bulk_create(
            [CohortMember(cohort=self, person_id=pk) for pk in sorted(set(known.values()))],
            ignore_conflicts=True,
        )
        return Listed(self.members.count() - before, tuple(sorted(wanted - known.keys())))


def _people_called(names: set[str]) -> dict[str, int]:
    """The key of each person, by the name that was asked for; two queries."""
    ids = {str(each): name for name in names if (each := _as_uuid(name))}
    by_id = Person.objects.filter(public_id__in=ids).values_list("public_id", "pk")
    aliases = PersonAlias.objects.filter(kind=PersonAlias.Kind.USER, value__in=names)
    return {ids[str(public_id)]: pk for public_id, pk in by_id} | dict(
        aliases.values_list("value", "person_id")
    )


def _as_uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


class CohortMember(models.Model):
    """Somebody on the list of a static cohort."""

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("cohort member")
        verbose_name_plural = _("cohort members")
        constraints = [models.UniqueConstraint(fields=["cohort", "person"], name="once_in_a_cohort")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.cohort_id}"
