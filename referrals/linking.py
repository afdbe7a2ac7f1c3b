"""Who brought whom: said when an account comes to be, and final once its address is confirmed."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from referrals.invitation import carried_by, forget
from referrals.models import Referral, ReferralCode
from telemetry.operations.client_address import client_address
from telemetry.people.models import Person

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

#: How much of an address names a network: what a household or an office shares.
PREFIXES = {4: 24, 6: 48}


def link_the_sign_up(request: HttpRequest, account: AbstractBaseUser, *, at: datetime) -> Referral | None:
    """Tie a new account to who invited it, in the transaction that makes it; None when nobody did."""
    invitation = carried_by(request, now=at)
    code = ReferralCode.objects.named(invitation.code) if invitation is not None else None
    if invitation is None or code is None:
        return None
    return Referral.objects.link(
        Person.objects.of_account(account),
        code,
        captured_at=invitation.at,
        at=at,
        network=network_digest(client_address(request)),
    )


def confirm_the_referral(
    account: AbstractBaseUser, *, at: datetime, request: HttpRequest | None = None
) -> bool:
    """The address is theirs: the introduction is final, and the browser carries it no more."""
    if request is not None and request.session is not None:
        forget(request)
    person = Person.objects.filter(account=account.pk).first()
    return person is not None and Referral.objects.confirm(person, at=at)


def network_digest(address: str) -> str:
    """A keyed digest of the network that an address is in: equal for neighbours, and naming nobody."""
    prefix = PREFIXES[ip_address(address).version]
    network = ip_network((address, prefix), strict=False)
    return salted_hmac("referrals.network", str(network), algorithm="sha256").hexdigest()
