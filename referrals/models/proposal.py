"""More days than one of the staff may give alone: proposed by one, approved by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from referrals.models.credit import CreditGrant, Kind
from referrals.querysets.credits import ReasonRequired, SecondPersonRequired
from referrals.querysets.proposals import CreditProposalQuerySet
from telemetry.models import AuditEntry
from telemetry.people.models import Person


class CreditProposal(models.Model):
    """Days that somebody of the staff would give; who proposed them never decides."""

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("Open")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")

    person = models.ForeignKey(
        Person,
        null=True,
        on_delete=models.SET_NULL,
        related_name="credit_proposals",
        verbose_name=_("person"),
    )
    days = models.IntegerField(_("days"), help_text=_("Negative: to be taken."))
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("proposed by"),
    )
    proposed_at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    grant = models.OneToOneField(
        CreditGrant,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="proposal",
        verbose_name=_("credit"),
    )
    idem_key = models.CharField(
        _("once"),
        max_length=255,
        unique=True,
        null=True,
        blank=True,
        help_text=_("Asked for by the same name, it is the same proposal."),
    )

    objects: ClassVar[CreditProposalQuerySet] = CreditProposalQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("proposed credit")
        verbose_name_plural = _("proposed credits")
        constraints = [
            models.CheckConstraint(condition=~Q(days=0), name="a_proposal_is_of_days"),
            models.CheckConstraint(
                condition=~Q(decided_by=F("proposed_by")), name="who_proposes_does_not_decide"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, grant=None)
                | Q(state="declined", decided_at__isnull=False, grant=None)
                | Q(state="approved", decided_at__isnull=False, grant__isnull=False),
                name="a_proposal_is_decided_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.days:+d} {self.state}"

    @transaction.atomic
    def approve(self, by: Any, at: datetime) -> CreditGrant | None:
        """Give the days; None when it was decided before, or the person is gone.

        Raises `SecondPersonRequired` for who proposed it.
        """
        ours = self._open_for(by)
        if ours is None or ours.person is None:
            return None
        grant = CreditGrant.objects.grant(
            ours.person,
            ours.days,
            Kind.ADMIN,
            at=at,
            actor=ours.proposed_by,
            note=ours.reason,
            idem_key=f"proposal:{ours.pk}",
            seconded_by=by,
        )
        self._decide(self.State.APPROVED, by, at, grant)
        return grant

    @transaction.atomic
    def decline(self, by: Any, reason: str, at: datetime) -> bool:
        """Decide against it; False when it was decided before. Whoever proposed it approves it never."""
        if not reason.strip():
            raise ReasonRequired
        if self._open_for(by) is None:
            return False
        self._decide(self.State.DECLINED, by, at, None)
        before, after = {"state": "open"}, {"state": "declined"}
        AuditEntry.objects.record(by, "credit.declined", self, before, after, reason, at=at)
        return True

    def _open_for(self, by: Any) -> CreditProposal | None:
        ours = CreditProposal.objects.select_for_update().filter(pk=self.pk, state=self.State.OPEN).first()
        if by is None or (ours is not None and ours.proposed_by_id in (None, by.pk)):
            raise SecondPersonRequired
        return ours

    def _decide(self, state: State, by: Any, at: datetime, grant: CreditGrant | None) -> None:
        CreditProposal.objects.filter(pk=self.pk).update(
            state=state, decided_by=by, decided_at=at, grant=grant
        )
        self.refresh_from_db()
