"""An introduction: who brought whom, and how far it came."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from donations.models import Payment
from referrals.models.code import ReferralCode
from referrals.querysets.referrals import ReferralQuerySet
from telemetry.people.models import Person


class State(models.TextChoices):
    """How far it came."""

    PROVISIONAL = "provisional", _("Provisional")
    PENDING = "pending", _("Pending")
    CONVERTED = "converted", _("Converted")
    HELD = "held", _("Held")
    REJECTED = "rejected", _("Rejected")
    CAPPED = "capped", _("Capped")
    REVERSED = "reversed", _("Reversed")


class Reason(models.TextChoices):
    """What spoke against a reward."""

    HOUSE = "house", _("staff, tests and bots neither refer nor earn")
    SUSPENDED = "suspended", _("the account of who brought them is closed")
    CODE_DISABLED = "code_disabled", _("the code is disabled")
    SAME_ADDRESS = "same_address", _("both get the same mail")
    SAME_CUSTOMER = "same_customer", _("both are one customer")
    SAME_CARD = "same_card", _("paid with a card of who brought them")
    PAID_BEFORE = "paid_before", _("was a member before the link was opened")
    THERE_BEFORE = "there_before", _("had an account before the link was opened")
    CARD_REWARDED = "card_rewarded", _("the card was rewarded before")
    SIMILAR = "similar", _("the addresses are alike")
    DISPOSABLE = "disposable", _("a mailbox to be thrown away")
    NETWORK = "network", _("many came out of one network")
    RUSH = "rush", _("many paid within a day")
    RISK = "risk", _("the payment is rated as a risk")
    REFUNDS = "refunds", _("many friends had their money back")
    CAP = "cap", _("as many rewards in a year as a person may have")
    MONEY_WENT_BACK = "money_went_back", _("the payment went back")
    DISPUTED = "disputed", _("the payment is disputed")
    WARNED = "warned", _("the payment is called fraudulent")


#: What counts as money for a membership.
MEMBERSHIPS = (Payment.Kind.MEMBERSHIP, Payment.Kind.RENEWAL)


class Referral(models.Model):
    """One person brought by another, once: rewarded when their first real membership payment settles."""

    code = models.ForeignKey(
        ReferralCode, on_delete=models.PROTECT, related_name="referrals", verbose_name=_("code")
    )
    referrer = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="referrals_made",
        verbose_name=_("who brought them"),
    )
    referred = models.OneToOneField(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="referral",
        verbose_name=_("who came"),
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PROVISIONAL)
    reason = models.CharField(
        _("reason"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("Why it was held, rejected or capped."),
    )
    captured_at = models.DateTimeField(_("link opened"))
    created_at = models.DateTimeField(_("signed up"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    converted_at = models.DateTimeField(_("converted"), null=True, blank=True)
    credited_at = models.DateTimeField(
        _("credited"), null=True, blank=True, help_text=_("When the last of both sides was granted.")
    )
    decide_by = models.DateTimeField(
        _("decide by"),
        null=True,
        blank=True,
        help_text=_("A held referral is released then, unless decided."),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("decided by"),
    )
    payment = models.OneToOneField(
        Payment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="referral",
        verbose_name=_("payment"),
        help_text=_("With which it converted."),
    )
    days = models.PositiveIntegerField(
        _("days"),
        null=True,
        blank=True,
        help_text=_("What each side is given; fixed when it converted, whatever the setting is later."),
    )
    credit_due_at = models.DateTimeField(
        _("credit due"),
        null=True,
        blank=True,
        help_text=_("When who brought them is given their days; empty where nobody is, or at the cap."),
    )
    card_digest = models.CharField(
        _("card"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("A keyed digest of the card for which this was rewarded: once a card."),
    )
    network_digest = models.CharField(
        _("network"), max_length=64, blank=True, default="", help_text=_("A keyed digest, kept for 30 days.")
    )

    objects: ClassVar[ReferralQuerySet] = ReferralQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        constraints = [
            models.CheckConstraint(condition=~Q(referrer=F("referred")), name="nobody_refers_themselves"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="referral_state_is_known"),
            models.UniqueConstraint(
                fields=["card_digest"], condition=~Q(card_digest=""), name="one_reward_per_card"
            ),
        ]
        indexes = [
            models.Index(fields=["referrer", "state"], name="referral_by_referrer"),
            models.Index(fields=["state", "decide_by"], name="referral_to_decide"),
            models.Index(
                fields=["credit_due_at"],
                condition=Q(credited_at=None, credit_due_at__isnull=False),
                name="referral_credit_due",
            ),
        ]

    def __str__(self) -> str:
        return f"referral {self.pk}"

    @property
    def why(self) -> str:
        """The reason in words: of a rule, or those of who decided."""
        return str(Reason(self.reason).label) if self.reason in Reason.values else self.reason

    def approve(self, by: Any, reason: str, at: datetime) -> bool:
        """Reward what was held, refused, capped or returned after all; False where no money stands for it.

        The word of staff outweighs every rule. Raises `ReasonRequired` without a reason.
        """
        from referrals import decisions

        return decisions.approve(self, by, reason, at)

    def reject(self, by: Any, reason: str, at: datetime) -> bool:
        """Refuse it for good, and take back what was given for it; False when it was refused before.

        Raises `ReasonRequired` without a reason.
        """
        from referrals import decisions

        return decisions.reject(self, by, reason, at)
