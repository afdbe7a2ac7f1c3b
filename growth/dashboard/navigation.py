"""The admin's side bar: where things are, and what is open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from telemetry.operations.models import Alert


def entry(title: Any, icon: str, model: str) -> dict[str, Any]:
    """A link to a model's list, for those who may see it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: any(
            request.user.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change")
        ),
    }


#: The side bar's groups: a title, and the models whose lists stand under it.
GROUPS: tuple[tuple[Any, tuple[tuple[Any, str, str], ...]], ...] = (
    (
        _("People"),
        (
            (_("People"), "group", "telemetry.person"),
            (_("Segments"), "donut_small", "telemetry.segment"),
            (_("Cohorts"), "groups", "growth.cohort"),
            (_("Saved funnels"), "filter_alt", "growth.savedfunnel"),
            (_("Experiments"), "science", "telemetry.experiment"),
        ),
    ),
    (
        _("Support"),
        (
            (_("Payments"), "payments", "donations.payment"),
            (_("Memberships"), "autorenew", "donations.subscription"),
            (_("Checkouts"), "shopping_cart", "donations.checkout"),
            (_("Supporters"), "volunteer_activism", "donations.supporter"),
            (_("Supporter keys"), "vpn_key", "donations.supporterkey"),
            (_("Touches of the ask"), "touch_app", "donations.donationinteraction"),
            (_("Customers at Stripe"), "badge", "donations.stripecustomer"),
            (_("Events of Stripe"), "webhook", "donations.stripeevent"),
            (_("Errands to Stripe"), "assignment_turned_in", "donations.stripeerrand"),
            (_("Support mails"), "receipt_long", "donations.supportmail"),
        ),
    ),
    (
        _("Referrals"),
        (
            (_("Referrals"), "handshake", "referrals.referral"),
            (_("Codes"), "qr_code_2", "referrals.referralcode"),
            (_("Credits"), "savings", "referrals.creditgrant"),
            (_("Proposed credits"), "approval", "referrals.creditproposal"),
        ),
    ),
    (
        _("Event log"),
        (
            (_("Events"), "bolt", "telemetry.event"),
            (_("Event types"), "menu_book", "telemetry.eventtype"),
            (_("Projects"), "folder", "telemetry.project"),
            (_("API keys"), "key", "telemetry.apikey"),
        ),
    ),
    (
        _("Operations"),
        (
            (_("Alerts"), "notifications", "telemetry.alert"),
            (_("Telemetry"), "sensors", "telemetry.installation"),
            (_("Jobs"), "schedule", "telemetry.heartbeat"),
            (_("Schedule"), "event_repeat", "django_celery_beat.periodictask"),
            (_("Alert mails"), "outgoing_mail", "telemetry.alertmail"),
            (_("Queued refreshes"), "sync", "telemetry.segmentrefresh"),
            (_("Audit log"), "history", "telemetry.auditentry"),
        ),
    ),
    (
        _("Access"),
        (
            (_("Accounts"), "account_circle", "growth.user"),
            (_("Groups"), "shield_person", "auth.group"),
            (_("Addresses"), "mail", "account.emailaddress"),
            (_("Second factors"), "password", "mfa.authenticator"),
        ),
    ),
)


def badge_of(request: HttpRequest, model: str) -> dict[str, Any]:
    """How many alerts nobody has resolved, beside their entry; nothing beside others."""
    if model != "telemetry.alert" or not request.user.has_perm("telemetry.view_alert"):
        return {}
    count = Alert.objects.open().count()
    return {"badge": str(count), "badge_variant": "danger"} if count else {}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar as unfold takes it."""
    first = {"title": _("Dashboard"), "icon": "monitoring", "link": reverse_lazy("admin:index")}
    groups = (
        {
            "title": title,
            "separator": True,
            "items": [entry(*each) | badge_of(request, each[2]) for each in entries],
        }
        for title, entries in GROUPS
    )
    return [{"items": [first]}, *groups]
