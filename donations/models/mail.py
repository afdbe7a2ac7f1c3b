"""Mail to supporters, written down before it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext, gettext_lazy as _

from donations.models.payment import Payment
from donations.querysets.mails import SupportMailQuerySet
from telemetry.models import Alert, AuditEntry
from telemetry.operations.pending import PendingWork
from telemetry.people.models import Person

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

#: How long the address and the facts of a mail are kept, so that it can be sent again.
ADDRESS_KEPT = timedelta(days=90)


class SupportMail(PendingWork):
    """A receipt or a notice: sent at most once. One that may have gone is `uncertain` until staff decide."""

    class Kind(models.TextChoices):
        """What it says."""

        RECEIPT = "receipt", _("Receipt")
        RENEWAL_FAILED = "renewal_failed", _("A renewal failed")
        MEMBERSHIP_ENDED = "membership_ended", _("The membership ended")
        PAYMENT_FAILED = "payment_failed", _("A payment failed")
        KEY = "key", _("Supporter key")

    drained_by = "donations.tasks.send_support_mails"
    stays = True

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    once = models.CharField(
        _("once"), max_length=255, unique=True, help_text=_("What it is about: one mail for each.")
    )
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("person")
    )
    address = models.EmailField(_("to"), blank=True, default="")
    payment = models.ForeignKey(
        Payment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mails",
        verbose_name=_("payment"),
    )
    facts = models.JSONField(_("facts"), null=True, blank=True, help_text=_("What the text is made of."))
    handed_over_at = models.DateTimeField(
        _("handed over"), null=True, blank=True, help_text=_("Just before the mail server got it.")
    )
    is_uncertain = models.BooleanField(
        _("uncertain"), default=False, help_text=_("Nobody knows whether the mail server took it.")
    )

    objects: ClassVar[SupportMailQuerySet] = SupportMailQuerySet.as_manager()  # type: ignore[assignment]

    class Meta(PendingWork.Meta):
        verbose_name = _("support mail")
        verbose_name_plural = _("support mails")

    def __str__(self) -> str:
        return f"{self.kind} {self.once}"

    def perform(self, now: datetime) -> bool:
        """Hand it to the mail server; whether that is certain. What was handed over before is not again."""
        from donations.letters import NotTaken, letter, post

        if self.handed_over_at is not None:
            return False
        message = letter(self)
        with post() as connection:
            if not self._hand_over(now):
                return False
            try:
                connection.send_messages([message])
            except NotTaken:
                self._take_back()
                raise
            except Exception:
                return False  # the server may have taken it before its answer was lost
        return True

    def record(self, is_certain: bool, now: datetime) -> None:
        """Mark what nobody can be sure of, for staff to decide."""
        if is_certain:
            return
        SupportMail.objects.filter(pk=self.pk).update(is_uncertain=True)
        message = gettext("It is not known whether a mail to a supporter arrived: it can be sent again.")
        Alert.objects.raise_alert("mail:uncertain", Alert.Severity.WARNING, message, now)

    def send_again(self, *, by: AbstractBaseUser, at: datetime) -> bool:
        """Make it due again though it was, or may have been, sent; False when it waits, or nobody gets it."""
        sent = SupportMail.objects.filter(pk=self.pk, state=self.State.DONE).exclude(address="")
        moved = sent.update(
            state=self.State.PENDING,
            attempts=0,
            next_try_at=at,
            lease_until=None,
            handed_over_at=None,
            is_uncertain=False,
        )
        if moved:
            AuditEntry.objects.record(by, "support_mail.sent_again", self, at=at)
            self.ring()
        return bool(moved)

    def _hand_over(self, now: datetime) -> bool:
        """Say before it goes that it goes; False when somebody said so meanwhile."""
        moved = SupportMail.objects.filter(self.this_claim(), handed_over_at=None).update(handed_over_at=now)
        return bool(moved)

    def _take_back(self) -> None:
        SupportMail.objects.filter(pk=self.pk).update(handed_over_at=None)
