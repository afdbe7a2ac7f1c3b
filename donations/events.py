"""What happens between the first ask and the payment."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from telemetry.log.events import LegalBasis, TrackedEvent


class Placement(models.TextChoices):
    """Where on the product's pages the ask stood."""

    HEADER = "header", _("Header")
    SIDEBAR = "sidebar", _("Sidebar")
    USER_MENU = "user_menu", _("User menu")
    BANNER = "banner", _("Banner")
    BANNER_BMC = "banner_bmc", _("Banner, coffee")
    BANNER_PAYPAL = "banner_paypal", _("Banner, PayPal")
    BANNER_KEY = "banner_key", _("Banner, key")
    DASHBOARD_WIDGET = "dashboard_widget", _("Dashboard")
    SETTINGS = "settings", _("Settings")
    DONATE_PAGE = "donate_page", _("Support page")
    DONATE_PAGE_HERO = "donate_page_hero", _("Support page, top")
    DONATE_PAGE_BUTTON = "donate_page_button", _("Support page, button")
    DONATE_PAGE_KEY = "donate_page_key", _("Support page, key")
    ABOUT_PAGE = "about_page", _("About")
    HELP_PAGE = "help_page", _("Help")
    REPORTS = "reports", _("Reports")
    SUPPORT_MODAL = "support_modal", _("Dialog")
    AFTER_REPORT = "after_report", _("After a report")
    LONG_SESSION_TIMER = "long_session_timer", _("Long session")

    @property
    def sells_the_key(self) -> bool:
        """Whether a click there is a click on the supporter key."""
        return self.value.endswith("_key")


class Prompt(models.TextChoices):
    """Which soft prompt it was."""

    AFTER_REPORT = "after_report", _("After a report")
    SEVEN_DAY = "seven_day", _("Seven days in")
    ACTIVE_TODAY = "active_today", _("Active today")
    LONG_SESSION = "long_session", _("Long session")


@dataclass(frozen=True)
class PageViewed(
    TrackedEvent, name="support.page_viewed", service_record=True, legal_basis=LegalBasis.INTEREST
):
    """The support page was served."""

    placement: Placement | None = None
    variant: str | None = None


@dataclass(frozen=True)
class BannerSeen(
    TrackedEvent, name="support.banner_seen", service_record=True, legal_basis=LegalBasis.INTEREST
):
    """The banner was really on the screen; at most one a person, day and placement."""

    placement: Placement
    variant: str | None = None


@dataclass(frozen=True)
class BannerDismissed(
    TrackedEvent, name="support.banner_dismissed", service_record=True, legal_basis=LegalBasis.INTEREST
):
    """A person dismissed the banner."""

    placement: Placement
    variant: str | None = None


@dataclass(frozen=True)
class LinkClicked(
    TrackedEvent, name="support.link_clicked", service_record=True, legal_basis=LegalBasis.INTEREST
):
    """A person followed a support link that is neither an amount nor the key."""

    placement: Placement
    variant: str | None = None


@dataclass(frozen=True)
class ModalOpened(
    TrackedEvent, name="support.modal_opened", service_record=True, legal_basis=LegalBasis.INTEREST
):
    """A person opened the support dialog."""

    placement: Placement
    variant: str | None = None
    prompt: Prompt | None = None


@dataclass(frozen=True)
class DonationClicked(
    TrackedEvent, name="support.donation_clicked", service_record=True, legal_basis=LegalBasis.INTEREST
):
    """A person chose an amount."""

    placement: Placement
    choice: str
    variant: str | None = None
    prompt: Prompt | None = None


@dataclass(frozen=True)
class LicenseClicked(
    TrackedEvent, name="support.license_clicked", service_record=True, legal_basis=LegalBasis.INTEREST
):
    """A person chose the supporter key."""

    placement: Placement
    choice: str | None = None
    variant: str | None = None
    prompt: Prompt | None = None


@dataclass(frozen=True)
class PromptShown(
    TrackedEvent, name="support.prompt_shown", service_record=True, legal_basis=LegalBasis.INTEREST
):
    """A soft prompt was shown."""

    prompt: Prompt
    placement: Placement | None = None
    variant: str | None = None


@dataclass(frozen=True)
class PromptDismissed(
    TrackedEvent, name="support.prompt_dismissed", service_record=True, legal_basis=LegalBasis.INTEREST
):
    """A person dismissed a soft prompt."""

    prompt: Prompt
    placement: Placement | None = None
    variant: str | None = None


@dataclass(frozen=True)
class Shared(TrackedEvent, name="support.shared", service_record=True, legal_basis=LegalBasis.INTEREST):
    """A person used the share control."""

    placement: Placement | None = None
    variant: str | None = None


@dataclass(frozen=True)
class CheckoutStarted(
    TrackedEvent,
    name="support.checkout_started",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.CONTRACT,
):
    """A checkout was opened from the support funnel. `amount` is in minor units of the currency."""

    placement: Placement | None = None
    amount: int | None = None
    currency: str | None = None
    choice: str | None = None
    variant: str | None = None
    prompt: Prompt | None = None


@dataclass(frozen=True)
class PaymentSucceeded(
    TrackedEvent,
    name="support.payment_succeeded",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.OBLIGATION,
):
    """A payment that began in the support funnel was made. `amount` is in minor units of the currency."""

    placement: Placement | None = None
    amount: int | None = None
    currency: str | None = None
    choice: str | None = None
    variant: str | None = None
    prompt: Prompt | None = None


@dataclass(frozen=True)
class PaymentRefunded(
    TrackedEvent,
    name="support.payment_refunded",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.OBLIGATION,
):
    """Money of such a payment went back. `amount`: how much, in minor units of the currency."""

    placement: Placement | None = None
    amount: int | None = None
    currency: str | None = None
    choice: str | None = None
    variant: str | None = None
    prompt: Prompt | None = None


@dataclass(frozen=True)
class PaymentRenewed(
    TrackedEvent,
    name="payment.renewed",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.OBLIGATION,
):
    """A membership was paid for another period. `amount` is in minor units of the currency."""

    amount: int | None = None
    currency: str | None = None
