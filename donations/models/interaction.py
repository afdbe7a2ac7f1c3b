"""The log of the support funnel: one row for each touch."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from donations import events
from donations.models.checkout import Led
from donations.querysets.interactions import DonationInteractionQuerySet
from telemetry.log.events import TrackedEvent, property_types
from telemetry.people.models import Person


class InteractionType(models.TextChoices):
    """What happened."""

    PAGE_VIEWED = "page_viewed", _("Support page viewed")
    BANNER_IMPRESSION = "banner_impression", _("Banner seen")
    BANNER_DISMISSED = "banner_dismissed", _("Banner dismissed")
    LINK_CLICKED = "link_clicked", _("Support link followed")
    MODAL_OPENED = "support_modal_opened", _("Dialog opened")
    DONATION_CLICKED = "support_donation_clicked", _("Amount chosen")
    LICENSE_CLICKED = "support_license_clicked", _("Key chosen")
    PROMPT_SHOWN = "support_prompt_shown", _("Soft prompt shown")
    PROMPT_DISMISSED = "support_prompt_dismissed", _("Soft prompt dismissed")
    SHARED = "support_shared", _("Shared")
    CHECKOUT_STARTED = "checkout_started", _("Checkout started")
    PAYMENT_SUCCEEDED = "payment_succeeded", _("Paid")
    PAYMENT_REFUNDED = "payment_refunded", _("Refunded")

    @property
    def is_a_click(self) -> bool:
        """Whether it shows an intent to give, after which nobody is asked for a while."""
        return self in DonationInteraction.CLICKS

    def tell(self, **said: object) -> TrackedEvent:
        """The event of the log that tells of it, with those of the fields that it has."""
        event = EVENTS[self]
        return event(**{name: value for name, value in said.items() if name in property_types(event)})


EVENTS: dict[InteractionType, type[TrackedEvent]] = {
    InteractionType.PAGE_VIEWED: events.PageViewed,
    InteractionType.BANNER_IMPRESSION: events.BannerSeen,
    InteractionType.BANNER_DISMISSED: events.BannerDismissed,
    InteractionType.LINK_CLICKED: events.LinkClicked,
    InteractionType.MODAL_OPENED: events.ModalOpened,
    InteractionType.DONATION_CLICKED: events.DonationClicked,
    InteractionType.LICENSE_CLICKED: events.LicenseClicked,
    InteractionType.PROMPT_SHOWN: events.PromptShown,
    InteractionType.PROMPT_DISMISSED: events.PromptDismissed,
    InteractionType.SHARED: events.Shared,
    InteractionType.CHECKOUT_STARTED: events.CheckoutStarted,
    InteractionType.PAYMENT_SUCCEEDED: events.PaymentSucceeded,
    InteractionType.PAYMENT_REFUNDED: events.PaymentRefunded,
}


class DonationInteraction(Led):
    """One touch of the support funnel, with what was known of the person at that moment. Append-only."""

    CLICKS: ClassVar = (
        InteractionType.LINK_CLICKED,
        InteractionType.DONATION_CLICKED,
        InteractionType.LICENSE_CLICKED,
        InteractionType.CHECKOUT_STARTED,
    )

    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="donation_interactions", verbose_name=_("person")
    )
    interaction_type = models.CharField(_("what"), max_length=32, choices=InteractionType.choices)
    time_entries_count = models.PositiveIntegerField(_("entries then"), default=0)
    days_since_signup = models.PositiveIntegerField(_("days since sign-up then"), null=True)
    total_hours = models.DecimalField(_("hours then"), max_digits=10, decimal_places=1, default=0)
    created_at = models.DateTimeField(_("at"))
    once = models.CharField(
        _("once"),
        max_length=120,
        unique=True,
        null=True,
        blank=True,
        help_text=_("What is counted once only."),
    )

    objects: ClassVar[DonationInteractionQuerySet] = DonationInteractionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("support interaction")
        verbose_name_plural = _("support interactions")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(interaction_type__in=InteractionType.values),
                name="interaction_type_is_known",
            )
        ]
        indexes = [
            models.Index(fields=["interaction_type", "person", "created_at"], name="interaction_funnel"),
            models.Index(fields=["person", "created_at"], name="interaction_recent"),
            models.Index(fields=["created_at"], name="interaction_day"),
        ]

    def __str__(self) -> str:
        return f"{self.interaction_type} {self.created_at:%Y-%m-%d %H:%M}"
