"""Whom somebody brought, as far as they may know: a masked address, and how far it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy as _

from referrals.models import Referral
from referrals.models.referral import State
from telemetry.people.models import Person

#: What each state means for who brought the friend; why it is so stays between the staff.
TOLD: Mapping[State, str | Promise] = {
    State.PROVISIONAL: _("Signed up; the address is not confirmed yet"),
    State.PENDING: _("Signed up; the days come with the first membership payment"),
    State.CONVERTED: _("Became a member"),
    State.HELD: _("Became a member; we look at it before the days are added"),
    State.REJECTED: _("No days for this one"),
    State.CAPPED: _("Became a member; you have all the rewards of this year"),
    State.REVERSED: _("The payment was returned, and the days with it"),
}


@dataclass(frozen=True, slots=True)
class Friend:
    """Somebody who came by a person's code."""

    referral: Referral

    @property
    def name(self) -> str:
        """The masked address; none before it is confirmed, for it may be a stranger's."""
        if self.referral.confirmed_at is None:
            return gettext("Somebody new")
        account = getattr(self.referral.referred, "account", None)
        if account is None:
            return gettext("Somebody who left")
        return masked(getattr(account, account.get_email_field_name()))

    @property
    def told(self) -> str:
        """How far it came, in words."""
        return str(TOLD[State(self.referral.state)])

    @property
    def is_waited_for(self) -> bool:
        """Whether they became a member and the days are still to come."""
        return self.referral.state == State.CONVERTED and self.referral.credited_at is None


def friends_of(person: Person) -> list[Friend]:
    """Whom a person brought, the latest first. One query."""
    made = Referral.objects.filter(referrer=person).select_related("referred__account")
    return [Friend(referral) for referral in made.order_by("-created_at", "-pk")]


def masked(address: str) -> str:
    """An address of which its owner's friends recognise enough and nobody else anything."""
    name, _at, host = address.partition("@")
    domain, _dot, top = host.rpartition(".")
    return f"{name[:1]}•••@{domain[:1]}•••.{top}"
