"""The groups that come with the product."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db.models import Q


@dataclass(frozen=True, slots=True)
class ShippedGroup:
    """A group by its name, and what it may do as `app.codename`."""

    name: str
    permissions: tuple[str, ...]

    def ship(self) -> None:
        """Make the group, and give it what it lacks; what staff added to it stays."""
        group, _made = Group.objects.get_or_create(name=self.name)
        named = Q(pk__in=[])
        for app, _dot, codename in (permission.partition(".") for permission in self.permissions):
            named |= Q(content_type__app_label=app, codename=codename)
        group.permissions.add(*Permission.objects.filter(named))


SEES_FIGURES = ("growth.view_figures", "growth.view_savedfunnel", "growth.view_cohort")
SEES_PEOPLE = (
    "telemetry.view_people",
    "telemetry.view_person",
    "telemetry.view_personalias",
    "telemetry.view_event",
    "telemetry.view_segment",
)

SEES_SUPPORTERS = (
    "donations.view_supporter",
    "donations.view_supporterkey",
    "donations.view_donationinteraction",
)
SEES_MONEY = (
    "growth.view_money",
    "donations.view_payment",
    "donations.view_subscription",
    "donations.view_checkout",
)

SEES_REFERRALS = (
    "referrals.view_referral",
    "referrals.view_referralcode",
    "referrals.view_creditgrant",
    "referrals.view_creditproposal",
)
DECIDES_REFERRALS = (
    "referrals.change_referral",
    "referrals.change_referralcode",
    "referrals.add_creditgrant",
)

SHIPPED = (
    ShippedGroup("Aggregate figures", SEES_FIGURES),
    ShippedGroup("People", (*SEES_FIGURES, *SEES_PEOPLE, *SEES_SUPPORTERS, *SEES_REFERRALS)),
    ShippedGroup("Export", (*SEES_FIGURES, *SEES_PEOPLE, "telemetry.export_people")),
    ShippedGroup("Money", (*SEES_FIGURES, *SEES_MONEY)),
    ShippedGroup("Referrals", (*SEES_FIGURES, *SEES_REFERRALS, *DECIDES_REFERRALS)),
    ShippedGroup("Refunds", (*SEES_FIGURES, *SEES_MONEY, "donations.refund_payment")),
)


def ship_groups(**kwargs: object) -> None:
    """After migrations, when all permissions stand: the shipped groups with theirs."""
    for group in SHIPPED:
        group.ship()
